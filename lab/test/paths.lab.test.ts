import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnceReport } from '../once/report.ts';
import { holdScene } from '../once/scene.ts';
import { sceneNamed } from '../scenes.ts';
import { mainFamily } from '../topologies/scene.ts';
import { deployed } from './deployed-home.ts';

const limit = { timeout: 120_000 };
/** Long enough to try every wrong packet while it plays. */
const filmSeconds = 3;

/** What gets past the outer of two boxes, or begins behind it. */
const besideTheOuterBox = [
  'past the outer box, media server',
  'past the outer box, stranger',
  'other source address, neighbour',
  "appliance's LAN address, neighbour",
];

/** One session in a topology, by the IP version that is the first there. */
async function sessionIn(name: string, signal: AbortSignal): Promise<OnceReport> {
  const scene = sceneNamed(name);
  await using home = await deployed(scene.topology(), name.slice(0, 8), { 'media-server': { filmSeconds } }, signal);
  const begun = performance.now();
  const stopwatch = () => performance.now() - begun;
  const report = await holdScene(scene, home, { contentId: 'film', family: mainFamily(scene), stopwatch }, signal);
  assert.deepEqual(report.reasons, []);
  assert.equal(report.verdict, 'pass');
  return report;
}

/** Who tried what, in one phase. */
function triedIn({ probes }: OnceReport, phase: string): ReadonlySet<string> {
  return new Set(probes.filter((probe) => probe.phase === phase).map(({ probe, sender }) => `${probe}, ${sender}`));
}

test('ipv6-only: the film comes in where there is no IPv4 at all', limit, async (t) => {
  const report = await sessionIn('ipv6-only', t.signal);
  assert.equal(report.streams.length, 5);
  for (const { family, globalAddress } of report.streams)
    assert.deepEqual([family, globalAddress], [6, '2001:db8:100::2']);
});

test(
  'two-wans: the film comes in by the connection that the request left by, and not by the other',
  limit,
  async (t) => {
    const report = await sessionIn('two-wans', t.signal);
    assert.equal(report.streams.length, 5);
    for (const { globalAddress } of report.streams) assert.equal(globalAddress, '198.51.100.1');
    assert.ok(triedIn(report, 'during').has('other global address, media server'));
  },
);

for (const [name, entrance] of [
  ['split', '198.51.100.2'],
  ['split-inside', '203.0.113.1'],
  ['double-nat', '203.0.113.1'],
] as const)
  test(`${name}: the film comes in through both, and what either keeps out does not`, limit, async (t) => {
    const report = await sessionIn(name, t.signal);
    assert.equal(report.streams.length, 5);
    for (const { globalAddress } of report.streams) assert.equal(globalAddress, entrance);
    for (const phase of ['before', 'during', 'after']) {
      const tried = triedIn(report, phase);
      // The router's own address is the one that streams are sent to.
      for (const each of besideTheOuterBox)
        if (name !== 'split' || !each.startsWith('past')) assert.ok(tried.has(each), `${each}, ${phase}`);
    }
    const fromOutside = report.probes.filter(({ sender }) => sender !== 'neighbour');
    assert.ok(
      fromOutside.every(({ between }) => between !== undefined),
      'watched between the two',
    );
    const right = fromOutside.filter((probe) => probe.right && probe.phase === 'during');
    assert.ok(right.length > 0 && right.every(({ between, sent }) => between === sent));
    assert.equal(report.held?.streamType ?? true, true);
  });

test('carrier-nat: the request is refused with what can be done, and nothing comes in', limit, async (t) => {
  const { refusal, ...report } = await sessionIn('carrier-nat', t.signal);
  assert.equal(refusal?.code, 'behind-another-nat');
  assert.match(refusal.message, /carrier NAT.*ask the provider for a public IPv4 address, or use IPv6$/);
  assert.deepEqual(report.streams, []);
  for (const phase of ['before', 'after'])
    for (const tried of ['right packet, media server', ...besideTheOuterBox])
      assert.ok(triedIn(report, phase).has(tried), `${tried}, ${phase}`);
});

test('two-homes: both hear the other directly, and each home lets in the other alone', limit, async (t) => {
  const { call, ...report } = await sessionIn('two-homes', t.signal);
  assert.equal(call?.expected, 'gateways');
  assert.ok(triedIn(report, 'during').has('right packet, stranger'));
});

test('same-home: they take the local way, nothing is opened, and no gateway sees any of it', limit, async (t) => {
  const { call, ...report } = await sessionIn('same-home', t.signal);
  assert.deepEqual([call?.expected, call?.openingsMeanwhile, call?.carriedByOthers], ['direct', 0, 0]);
  const everywhere = report.probes.find(({ probe, phase }) => probe === 'any packet' && phase === 'during');
  assert.equal(everywhere?.sent, 16384);
});
