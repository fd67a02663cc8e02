import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { type Deployment, deploy, sluiceCommand } from '../parts.ts';
import { startOnHost } from '../process.ts';
import { homes } from '../topologies/home.ts';
import type { Topology } from '../topology.ts';

const limit = { timeout: 120_000 };

let town: Deployment;
let taken: AsyncDisposableStack;
before(async () => {
  taken = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(limit.timeout);
  const network = taken.use(await buildNetwork(withTablet(homes(2)), 'calls', signal));
  town = taken.use(await deploy(network, {}, signal));
}, limit);
after(() => taken.disposeAsync());

/** The first home's tablet is an appliance too. */
function withTablet(topology: Topology): Topology {
  const runs = { part: 'appliance', endpointId: endpointOf('tablet-1'), home: 'home-1' } as const;
  return { ...topology, hosts: topology.hosts.map((host) => (host.name === 'tablet-1' ? { ...host, runs } : host)) };
}

interface Result {
  readonly verdict: string;
  readonly way: string;
  readonly code?: string;
  readonly remote: { readonly address: string; readonly port: number };
  readonly global: { readonly address: string; readonly port: number };
  readonly received: number;
  readonly lost: number;
  readonly sent: number;
  readonly firstMs: number;
  readonly from: readonly string[];
  readonly ended?: string;
}

function endpointOf(host: string): string {
  return `self::${host}`;
}

/** `sluice appliance call` on a host; resolves to its result. */
async function call(
  host: string,
  other: string,
  seconds: number,
  signal: AbortSignal,
  name = 'hello',
): Promise<Result> {
  const { network, directories } = town;
  const ours = ['--identity', hostDirectory(directories, host)];
  const where = ['--portal', originOf(network, 'portal', partPorts.portal)];
  const args = ['appliance', 'call', name, '--with', endpointOf(other), ...where, ...ours];
  const lines: string[] = [];
  await using party = await startOnHost(
    {
      name: `a party on ${host}`,
      namespace: network.namespace(host),
      command: sluiceCommand([...args, '--seconds', String(seconds), '--json']),
      becomesReady: false,
      onLine: (line) => void lines.push(line),
    },
    signal,
  );
  await party.ended;
  return JSON.parse(lines.at(-1) ?? '');
}

const openings = async (signal: AbortSignal) =>
  Promise.all(['gateway-1', 'gateway-2'].map((gateway) => openingsInKernel(town.network, gateway, signal)));

/** Both homes; the test's own limit is the latest. */
async function untilClosed(signal: AbortSignal): Promise<void> {
  while ((await openings(signal)).join() !== '0,0') await setTimeout(50, undefined, { signal });
}

test('two devices in two homes speak directly, both from the first moment, and hang up', limit, async ({ signal }) => {
  const talking = Promise.all([call('tv-1', 'tv-2', 3, signal), call('tv-2', 'tv-1', 3, signal)]);
  const [one, two] = await talking;
  for (const [mine, other] of [
    [one, two],
    [two, one],
  ] as const) {
    assert.equal(mine.verdict, 'pass', JSON.stringify(mine));
    assert.equal(mine.way, 'gateways');
    assert.deepEqual(mine.remote, other.global);
    assert.deepEqual(mine.from, [`${other.global.address}:${other.global.port}`]);
    // Fifty a second are sent; a machine that does other things may be late with some.
    assert.ok(mine.received > 50, JSON.stringify(mine));
  }
  await untilClosed(signal);
});

test(
  'a party that is killed takes the call with it: the other one hears of it, and both homes are closed',
  limit,
  async ({ signal }) => {
    const { network, directories } = town;
    const staying = call('tv-2', 'tv-1', 30, signal, 'killed');
    const where = [
      '--portal',
      originOf(network, 'portal', partPorts.portal),
      '--identity',
      hostDirectory(directories, 'tv-1'),
    ];
    const args = ['appliance', 'call', 'killed', '--with', endpointOf('tv-2'), ...where, '--seconds', '30', '--json'];
    const dying = await startOnHost(
      { name: 'a party', namespace: network.namespace('tv-1'), command: sluiceCommand(args), becomesReady: false },
      signal,
    );
    while ((await openings(signal)).join() !== '2,2') await setTimeout(20, undefined, { signal });
    dying.kill('SIGKILL');
    const left = await staying;
    assert.match(left.ended ?? '', /tv-1 is gone/);
    assert.deepEqual(await openings(signal), [0, 0]);
  },
);

test(
  'two devices of one home are told each other’s local address, and nothing is opened',
  limit,
  async ({ signal }) => {
    const talking = Promise.all([call('tv-1', 'tablet-1', 1, signal), call('tablet-1', 'tv-1', 1, signal)]);
    const [one, two] = await talking;
    for (const mine of [one, two]) {
      assert.equal(mine.verdict, 'pass', JSON.stringify(mine));
      assert.equal(mine.way, 'direct');
    }
    assert.equal(one.remote.address, town.network.address('tablet-1', 4));
  },
);
