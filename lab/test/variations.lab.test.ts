import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { contentAnswer } from '@sluice/api';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { view } from '../once/viewer.ts';
import { Sniffer } from '../packets/index.ts';
import type { Deployment } from '../parts.ts';
import { run } from '../run.ts';
import { homes } from '../topologies/home.ts';
import type { Topology } from '../topology.ts';
import { deployed } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const radioPort = 5004;
const leg = '203.0.113.77';
let home: Deployment;
let own: string;

before(async () => {
  own = await mkdtemp(join(tmpdir(), 'sluice-kinds-'));
  await writeFile(join(own, 'letter.txt'), 'Dear home,\nall is well.\n');
  await writeFile(join(own, 'measurements.bin'), Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251)));
  const make = (...args: string[]) => run(['ffmpeg', '-v', 'error', ...args], AbortSignal.timeout(30_000));
  await make('-f', 'lavfi', '-i', 'testsrc2=size=320x180', '-frames:v', '1', join(own, 'garden.png'));
  await make('-f', 'lavfi', '-i', 'sine=frequency=330:duration=2', '-c:a', 'aac', join(own, 'bell.m4a'));
  const overrides = {
    portal: {
      unnamedAppliances: 'permitted',
      localPorts: { radio: { audio: radioPort } },
      direct: ['203.0.113.0/24'],
    },
    'configuration-server': { registration: 'every-contact' },
    gateway: { policy: { consent: 'preferred' } },
    'media-server': { filmSeconds: 4, ownDirectory: own },
  };
  home = await deployed(withLegs(homes()), 'vary', overrides, AbortSignal.timeout(limit.timeout));
}, limit);
after(async () => {
  await home?.[Symbol.asyncDispose]();
  await rm(own, { recursive: true, force: true });
});

/** The tablet has a leg on the internet too, beside the one at home. */
function withLegs(topology: Topology): Topology {
  const networks = topology.networks.map((network) =>
    network.name === 'internet'
      ? { ...network, members: [...network.members, { host: 'tablet-1', interface: 'eth1', addresses: [`${leg}/24`] }] }
      : network,
  );
  return { ...topology, networks };
}

/** One HTTPS request with nothing but curl on a host; it shows no certificate. */
async function curl(host: string, args: readonly string[], signal: AbortSignal): Promise<unknown> {
  const at = `--net=${home.network.namespace(host)}`;
  return JSON.parse(await run(['nsenter', at, '--', 'curl', '-sk', ...args], signal));
}

const requests = () => `https://${home.network.address('portal', 4)}:8443/v1/requests`;
const openings = (signal: AbortSignal) => openingsInKernel(home.network, 'gateway-1', signal);

test(
  'one message without address, port or id of the device: the radio comes to the port of its kind',
  limit,
  async (t) => {
    using sniffer = new Sniffer(home.network.namespace('tv-1'), 'eth0');
    const asked = JSON.stringify({ requestId: 'one-message', contentId: 'radio' });
    const answer = contentAnswer.parse(await curl('tv-1', ['--json', asked, requests()], t.signal));
    const [audio] = answer.streams;
    assert.deepEqual(audio?.local, { address: home.network.address('tv-1', 4), port: radioPort });
    assert.equal(audio?.global.address, home.network.address('gateway-1', 4, 'internet'));
    assert.equal(await openings(t.signal), 1);
    await arrived(sniffer, radioPort, t.signal);
    const closed = await curl('tv-1', ['-X', 'DELETE', `${requests()}/${answer.sessionId}`], t.signal);
    assert.equal((closed as { state: string }).state, 'closed');
    assert.equal(await openings(t.signal), 0);
  },
);

test('an appliance with a leg on both networks: sent to directly, and the gateway opens nothing', limit, async (t) => {
  using sniffer = new Sniffer(home.network.namespace('tablet-1'), 'eth1');
  const asked = JSON.stringify({ requestId: 'both-legs', contentId: 'radio', localAddresses: ['192.168.1.3', leg] });
  const answer = contentAnswer.parse(await curl('tablet-1', ['--json', asked, requests()], t.signal));
  assert.deepEqual(answer.streams[0]?.global, { address: leg, port: radioPort });
  assert.equal(await openings(t.signal), 0);
  await arrived(sniffer, radioPort, t.signal);
  await curl('tablet-1', ['-X', 'DELETE', `${requests()}/${answer.sessionId}`], t.signal);
});

/** Resolves when five datagrams came in to a port. */
async function arrived(sniffer: Sniffer, port: number, signal: AbortSignal): Promise<void> {
  const count = () =>
    sniffer
      .seen()
      .filter(({ packet, direction }) => direction === 'in' && packet.transport === 'udp' && packet.to.port === port)
      .length;
  while (count() < 5) await setTimeout(20, undefined, { signal });
}

const files: readonly (readonly [kind: string, contentId: string, file: string])[] = [
  ['text', 'letter', 'letter.txt'],
  ['picture', 'garden', 'garden.png'],
  ['data', 'measurements', 'measurements.bin'],
];

for (const [kind, contentId, file] of files)
  test(`${kind} arrives octet for octet through the gateway`, limit, async (t) => {
    await using viewing = await view(home, { contentId, family: 4, localPorts: {}, firstSpeaker: {} }, t.signal);
    const opened = await viewing.open;
    assert.deepEqual(
      opened.streams.map(({ streamType }) => streamType),
      ['tcp'],
    );
    const { verdict, reasons, streams } = await viewing.result;
    assert.deepEqual(reasons, []);
    assert.equal(verdict, 'pass');
    const digest = createHash('sha256')
      .update(await readFile(join(own, file)))
      .digest('hex');
    assert.equal(streams[0]?.sha256, digest);
  });

test('sound arrives as RTP through the gateway', limit, async (t) => {
  await using viewing = await view(home, { contentId: 'bell', family: 4, localPorts: {}, firstSpeaker: {} }, t.signal);
  await viewing.arrived(['audio']);
  viewing.process.kill('SIGINT');
  const { verdict, reasons, streams } = await viewing.result;
  assert.deepEqual(reasons, []);
  assert.equal(verdict, 'pass');
  assert.deepEqual(
    streams.map(({ id, kind, lost }) => [id, kind, lost]),
    [['audio', 'rtp', 0]],
  );
});
