import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { Endpoint } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../../../lab/build.ts';
import { inNamespace, type Packet, RawSender, Sniffer } from '../../../lab/packets/index.ts';
import type { Topology } from '../../../lab/topology.ts';
import { type DataPlane, type KernelOpening, openDataPlane } from '../index.ts';

const at = (host: string, name: string, ...addresses: string[]) => ({ host, interface: name, addresses });

/** A gateway with two providers; the media server is behind both, and the way to it is the first one's. */
const topology: Topology = {
  hosts: [
    { name: 'gateway', forwards: true, routes: [{ to: 'default', via: '203.0.113.10' }] },
    { name: 'tv', routes: [{ to: 'default', via: '192.168.1.1' }] },
    { name: 'media' },
    // Neighbours of the home, each at one provider, with a route of their own to the home's other address.
    { name: 'near-0', routes: [{ to: '198.51.100.1/32', via: '203.0.113.1' }] },
    { name: 'near-1', routes: [{ to: '203.0.113.1/32', via: '198.51.100.1' }] },
  ],
  networks: [
    { name: 'home', members: [at('gateway', 'lan0', '192.168.1.1/24'), at('tv', 'eth0', '192.168.1.2/24')] },
    {
      name: 'first',
      members: [
        at('gateway', 'wan0', '203.0.113.1/24'),
        at('media', 'eth0', '203.0.113.10/24', '192.0.2.10/32'),
        at('near-0', 'eth0', '203.0.113.66/24'),
      ],
    },
    {
      name: 'second',
      members: [
        at('gateway', 'wan1', '198.51.100.1/24'),
        at('media', 'eth1', '198.51.100.10/24'),
        at('near-1', 'eth0', '198.51.100.66/24'),
      ],
    },
  ],
};

const end = (address: string, port: number): Endpoint => ({ address, port });
const globals = { wan0: '203.0.113.1', wan1: '198.51.100.1' } as const;
type Wan = keyof typeof globals;
const wans = { wan: ['wan0', 'wan1'], lan: ['lan0'] };
const other = (wan: Wan): Wan => (wan === 'wan0' ? 'wan1' : 'wan0');
type Sender = 'media' | 'tv' | 'near-0' | 'near-1';
const near = (wan: Wan): Sender => (wan === 'wan0' ? 'near-0' : 'near-1');

let network: BuiltNetwork;
let plane: DataPlane;
let tokens = 0;

const inGateway = <T>(act: () => T): T => inNamespace(network.namespace('gateway'), act);
const ip = (...words: string[]) => inGateway(() => execFileSync('ip', words));
/** The box's own routing: what is the second provider's leaves by it. */
const policy = ['fwmark', '0x20000000/0xf0000000', 'lookup', '102'];

before(async () => {
  network = await buildNetwork(topology, 'wans', AbortSignal.timeout(60_000));
  ip('route', 'add', 'default', 'via', '198.51.100.10', 'table', '102');
  ip('rule', 'add', ...policy);
  plane = inGateway(() => {
    const opened = openDataPlane();
    assert.equal(opened.load(wans), 'loaded');
    return opened;
  });
  for (const host of ['tv', 'media'])
    inNamespace(network.namespace(host), () =>
      execFileSync('nft', [
        'table ip quiet { chain output { type filter hook output priority 0; icmp code port-unreachable drop; }; }',
      ]),
    );
});
after(async () => {
  plane[Symbol.dispose]();
  await network[Symbol.asyncDispose]();
});

function opening(
  wan: Wan | undefined,
  port: number,
  on = wan ?? 'wan0',
): KernelOpening & { readonly remote: Endpoint } {
  const remote = end('192.0.2.10', port);
  const global = end(globals[on], 20_000 + port);
  return { streamType: 'udp', remote, global, local: end('192.168.1.2', port), ...(wan && { wan }), tag: `${port}` };
}

const commit = (add: readonly KernelOpening[], remove: readonly KernelOpening[] = []) =>
  plane.commit({ add: add.map((each) => ({ opening: each, leaseMs: 60_000 })), renew: [], remove });

/** By which of the gateway's interfaces a host's packet comes to it. */
function entryOf(from: Sender, to: Endpoint): 'lan0' | Wan {
  if (from === 'media') return to.address === globals.wan1 ? 'wan1' : 'wan0';
  return ({ tv: 'lan0', 'near-0': 'wan0', 'near-1': 'wan1' } as const)[from];
}

/** What surely comes in there, from that host to the gateway itself. */
const fences = {
  lan0: { from: end('192.168.1.2', 9), to: end('192.168.1.1', 9) },
  wan0: { from: end('203.0.113.9', 9), to: end(globals.wan0, 9) },
  wan1: { from: end('198.51.100.9', 9), to: end(globals.wan1, 9) },
} as const;

/** Where a packet leaves the gateway, and as what. */
async function through(from: Sender, packet: { from: Endpoint; to: Endpoint }): Promise<[string, Packet][]> {
  const [token, fence] = [`token-${tokens}-`, `fence-${tokens++}-`];
  const entry = entryOf(from, packet.to);
  using sender = new RawSender(network.namespace(from));
  using stack = new DisposableStack();
  const eyes = (['lan0', 'wan0', 'wan1'] as const).map((name) => ({
    name,
    eye: stack.use(new Sniffer(network.namespace('gateway'), name)),
  }));
  sender.send({ transport: 'udp', ...packet, payload: Buffer.from(token) });
  sender.send({ transport: 'udp', ...fences[entry], payload: Buffer.from(fence) });
  await eyes.find(({ name }) => name === entry)?.eye.waitFor(fence, 1, AbortSignal.timeout(5_000));
  return eyes.flatMap(({ name, eye }) => eye.sent(token).map((left): [string, Packet] => [name, left]));
}

for (const wan of ['wan0', 'wan1'] as const)
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`${wan}, ${firstSpeaker} first: an opening is on one interface, in and out`, { timeout: 60_000 }, async () => {
      const on = opening(
        wan,
        wan === 'wan0' ? (firstSpeaker === 'server' ? 5000 : 5002) : firstSpeaker === 'server' ? 5004 : 5006,
      );
      const { remote, global, local } = on;
      const inward = { from: remote, to: global };
      const answers = async () => {
        const [[by, left] = [], ...more] = await through('tv', { from: local, to: remote });
        assert.deepEqual([by, left?.from, more], [wan, global, []]);
      };
      const wrong = async () => {
        // The same port of the other provider's address, and this very address by the other provider's wire.
        assert.deepEqual(await through('media', { from: remote, to: end(globals[other(wan)], global.port) }), []);
        assert.deepEqual(await through(near(other(wan)), inward), []);
      };
      await wrong();
      assert.deepEqual(await through('media', inward), []);
      assert.equal(commit([on]), undefined);
      assert.deepEqual(plane.look([on])[0]?.wan, wan);
      if (firstSpeaker === 'server') await wrong();
      else await answers();
      const [[by, arrived] = []] = await through('media', inward);
      assert.deepEqual([by, arrived?.to, arrived?.from], ['lan0', local, remote]);
      await answers();
      // Of a flow that runs, too.
      await wrong();
      assert.equal(
        (await through(near(wan), inward)).length,
        1,
        'who sends as the server, from the right wire, is not told from it',
      );
      assert.equal(commit([], [on]), undefined);
      assert.deepEqual(await through('media', inward), []);
      assert.deepEqual(await through('tv', { from: local, to: remote }), []);
    });

test("where the box's own routing would send answers out by the other provider, they do not leave", {
  timeout: 60_000,
}, async () => {
  const on = opening('wan1', 5010);
  assert.equal(commit([on]), undefined);
  ip('rule', 'delete', ...policy);
  try {
    assert.equal((await through('media', { from: on.remote, to: on.global })).length, 1);
    assert.deepEqual(await through('tv', { from: on.local, to: on.remote }), []);
  } finally {
    ip('rule', 'add', ...policy);
  }
  assert.equal((await through('tv', { from: on.local, to: on.remote }))[0]?.[0], 'wan1');
  assert.equal(commit([], [on]), undefined);
});

test("the home's own traffic goes as the box routes it, and its answers come in by that way", {
  timeout: 60_000,
}, async () => {
  const far = end('192.0.2.10', 8000);
  const [[by, left] = []] = await through('tv', { from: end('192.168.1.2', 6000), to: far });
  assert.ok(left && 'port' in left.from);
  assert.deepEqual([by, left.from.address], ['wan0', globals.wan0]);
  assert.equal((await through('media', { from: far, to: left.from })).length, 1);
  // By which of its addresses it left, the flow tells.
  assert.deepEqual(plane.flow('udp', left.from, far)?.outside, left.from);
  assert.deepEqual(plane.flow('udp', end('192.168.1.2', 6000), far, 'inside')?.outside, left.from);
});

test('an opening that names no interface is on any, one that names none of these is refused', {
  timeout: 60_000,
}, async () => {
  const any = opening(undefined, 5020, 'wan1');
  assert.equal(commit([any]), undefined);
  assert.equal(plane.look([any])[0]?.wan, undefined);
  for (const from of ['near-0', 'near-1'] as const)
    assert.equal((await through(from, { from: any.remote, to: any.global })).length, 1);
  assert.equal(commit([], [any]), undefined);
  assert.equal(commit([{ ...opening('wan0', 5022), wan: 'wan9' }])?.reason, 'refused');
});

test('a restart adopts openings with their interfaces; other interfaces, or in another order, begin closed', {
  timeout: 60_000,
}, async () => {
  const held = (['wan0', 'wan1'] as const).map((wan, index) => opening(wan, 5030 + index));
  assert.equal(commit(held), undefined);
  using next = inGateway(() => openDataPlane());
  assert.equal(
    inGateway(() => next.load(wans)),
    'adopted',
  );
  assert.deepEqual(
    next
      .read()
      .map(({ wan }) => wan)
      .sort(),
    ['wan0', 'wan1'],
  );
  assert.equal(
    next.commit({ add: [], renew: held.map((each) => ({ opening: each, leaseMs: 90_000 })), remove: [] }),
    undefined,
  );
  assert.equal(
    inGateway(() => next.load({ ...wans, wan: ['wan1', 'wan0'] })),
    'loaded',
  );
  assert.deepEqual(next.read(), []);
});
