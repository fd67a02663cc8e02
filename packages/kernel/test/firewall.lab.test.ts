import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import type { Endpoint } from '@sluice/model';
import { type BuiltNetwork, buildNetwork } from '../../../lab/build.ts';
import { inNamespace, type Packet, RawSender, Sniffer } from '../../../lab/packets/index.ts';
import type { Topology } from '../../../lab/topology.ts';
import { type DataPlane, type KernelOpening, openDataPlane } from '../index.ts';

const at = (host: string, name: string, address: string) => ({ host, interface: name, addresses: [`${address}/24`] });
const box = (name: string, routes: readonly [to: string, via: string][]) => ({
  name,
  forwards: true,
  routes: routes.map(([to, via]) => ({ to, via })),
});
const everywhere = 'default';

/** A firewall before the router, in a network of public addresses, and one behind it, before the devices. */
const topology: Topology = {
  hosts: [
    // On the same wire as the firewall, it knows every way inwards, as a hostile neighbour would.
    { name: 'media', routes: ['0.0.0.0/0', '198.51.100.66/32'].map((to) => ({ to, via: '198.51.100.1' })) },
    box('outer', [
      ['192.168.1.0/24', '203.0.113.1'],
      ['192.168.2.0/24', '203.0.113.1'],
    ]),
    box('router', [
      [everywhere, '203.0.113.254'],
      ['192.168.2.0/24', '192.168.1.254'],
    ]),
    box('inner', [[everywhere, '192.168.1.1']]),
    { name: 'tv', routes: [{ to: everywhere, via: '192.168.2.1' }] },
  ],
  networks: [
    { name: 'internet', members: [at('outer', 'wan0', '198.51.100.1'), at('media', 'eth0', '198.51.100.10')] },
    { name: 'public', members: [at('outer', 'lan0', '203.0.113.254'), at('router', 'wan0', '203.0.113.1')] },
    { name: 'private', members: [at('router', 'lan0', '192.168.1.1'), at('inner', 'wan0', '192.168.1.254')] },
    { name: 'devices', members: [at('inner', 'lan0', '192.168.2.1'), at('tv', 'eth0', '192.168.2.2')] },
  ],
};

const server: Endpoint = { address: '198.51.100.10', port: 7000 };
const end = (address: string, port: number): Endpoint => ({ address, port });
const boxes = ['outer', 'router', 'inner'] as const;
type Box = (typeof boxes)[number];

let network: BuiltNetwork;
let planes: Readonly<Record<Box, DataPlane>>;
let tokens = 0;

/** The path of one stream: what each box is told. */
function path(globalPort: number, localPort: number, remote = server): Readonly<Record<Box, KernelOpening>> {
  const global = end('203.0.113.1', globalPort);
  const local = end('192.168.2.2', localPort);
  const opening = { streamType: 'udp', remote, tag: `${globalPort}` } as const;
  return {
    outer: { ...opening, global, local: global },
    router: { ...opening, global, local },
    inner: { ...opening, global: local, local },
  };
}

const change = (box: Box, add: readonly KernelOpening[], remove: readonly KernelOpening[]) =>
  assert.equal(
    planes[box].commit({ add: add.map((opening) => ({ opening, leaseMs: 60_000 })), renew: [], remove }),
    undefined,
  );

before(async () => {
  network = await buildNetwork(topology, 'boxes', AbortSignal.timeout(60_000));
  const plane = (name: Box) =>
    inNamespace(network.namespace(name), () => {
      const opened = openDataPlane(name === 'router' ? {} : { translates: false });
      assert.equal(opened.load({ wan: ['wan0'], lan: ['lan0'] }), 'loaded');
      return opened;
    });
  planes = { outer: plane('outer'), router: plane('router'), inner: plane('inner') };
  // A packet on this path surely arrives: sent after others, it tells that those are not on their way any more.
  for (const box of boxes) change(box, [path(29_000, 9, end(server.address, 9))[box]], []);
  for (const host of ['tv', 'media'])
    inNamespace(network.namespace(host), () =>
      execFileSync('nft', [
        'table ip quiet { chain output { type filter hook output priority 0; icmp code port-unreachable drop; }; }',
      ]),
    );
});
after(async () => {
  for (const plane of Object.values(planes)) plane[Symbol.dispose]();
  await network[Symbol.asyncDispose]();
});

/** What of a packet that `from` sends comes to `to`. */
async function through(from: 'media' | 'tv', to: 'media' | 'tv', packet: Partial<Packet>): Promise<Packet[]> {
  const [token, fence] = [`token-${tokens}-`, `fence-${tokens++}-`];
  using sender = new RawSender(network.namespace(from));
  using eye = new Sniffer(network.namespace(to), 'eth0');
  sender.send({ transport: 'udp', ...packet, payload: Buffer.from(token) } as Packet);
  const [inward, outward] = [end('203.0.113.1', 29_000), end('192.168.2.2', 9)];
  const far = end(server.address, 9);
  const [near, next] = from === 'media' ? [far, inward] : [outward, far];
  sender.send({ transport: 'udp', from: near, to: next, payload: Buffer.from(fence) });
  await eye.waitFor(fence, 1, AbortSignal.timeout(5_000));
  return eye.received(token);
}

const inward = (to: Endpoint, from = server) => through('media', 'tv', { from, to });

test('a stream passes where firewall, router and firewall are each told, and nowhere else', {
  timeout: 60_000,
}, async () => {
  const stream = path(20_000, 5000);
  const { global, local } = stream.router;
  for (const told of boxes) {
    assert.equal((await inward(global)).length, 0, `before ${told} was told`);
    change(told, [stream[told]], []);
  }
  const [arrived] = await inward(global);
  assert.deepEqual([arrived?.from, arrived?.to], [server, local]);
  const wrong: [string, Endpoint, Endpoint?][] = [
    ['another port of the server', global, end(server.address, 7001)],
    ['another server', global, end('198.51.100.11', 7000)],
    ['another global port', end(global.address, 20_001)],
    ['the device itself, at its own port', local],
    ['the device itself, at the global port', end(local.address, 20_000)],
    ['the first firewall', end('203.0.113.254', 20_000)],
    ['the second firewall', end('192.168.1.254', 5000)],
  ];
  for (const [what, to, from] of wrong) assert.equal((await inward(to, from)).length, 0, what);
  const [answer] = await through('tv', 'media', { from: local, to: server });
  assert.deepEqual(answer?.from, global);
  // Each of them alone closes the path, for the flow that runs, both ways; and opens it again.
  for (const box of boxes) {
    change(box, [], [stream[box]]);
    assert.equal((await inward(global)).length, 0, `${box} closed`);
    assert.equal((await through('tv', 'media', { from: local, to: server })).length, 0, `${box} closed`);
    change(box, [stream[box]], []);
    assert.equal((await inward(global)).length, 1, `${box} opened again`);
  }
});

test('the device speaks first, and is answered', { timeout: 60_000 }, async () => {
  const remote = end(server.address, 7100);
  const stream = path(20_100, 5100, remote);
  for (const box of boxes) change(box, [stream[box]], []);
  const [left] = await through('tv', 'media', { from: stream.router.local, to: remote });
  assert.deepEqual(left?.from, stream.router.global);
  assert.equal((await inward(stream.router.global, remote)).length, 1);
});

test('the home reaches out through both firewalls unchanged by them, and is answered by whom it asked', {
  timeout: 60_000,
}, async () => {
  const [left] = await through('tv', 'media', { from: end('192.168.2.2', 6000), to: end(server.address, 8000) });
  assert.ok(left && 'port' in left.from);
  assert.equal(left.from.address, '203.0.113.1');
  assert.equal((await inward(left.from, end(server.address, 8000))).length, 1);
  assert.equal((await inward(left.from, end(server.address, 8001))).length, 0);
  // A firewall sees the device of a request as its router's table has it: the outer one the router, the inner one the device.
  const portal = end(server.address, 8000);
  assert.deepEqual(planes.outer.flow('udp', left.from, portal)?.original.from, left.from);
  assert.deepEqual(planes.router.flow('udp', left.from, portal)?.original.from, end('192.168.2.2', 6000));
  assert.equal(planes.inner.flow('udp', left.from, portal), undefined);
  assert.deepEqual(
    planes.inner.flow('udp', end('192.168.2.2', 6000), portal, 'inside')?.original.from.address,
    '192.168.2.2',
  );
});

test('a firewall is told nothing to translate, and lets nothing to itself or back where it came from', {
  timeout: 60_000,
}, async () => {
  const translated = path(20_200, 5200).router;
  const failure = planes.outer.commit({ add: [{ opening: translated, leaseMs: 1000 }], renew: [], remove: [] });
  assert.equal(failure?.reason, 'refused');
  const own = end('203.0.113.254', 20_300);
  const back = end('198.51.100.66', 20_300);
  inNamespace(network.namespace('outer'), () => {
    execFileSync('ip', ['neigh', 'add', back.address, 'lladdr', '02:00:00:00:00:66', 'dev', 'wan0']);
    // Nothing is said of a shorter way.
    execFileSync('sysctl', ['-qw', 'net.ipv4.conf.all.send_redirects=0', 'net.ipv4.conf.wan0.send_redirects=0']);
  });
  for (const global of [own, back]) {
    change('outer', [{ streamType: 'udp', remote: server, global, local: global, tag: global.address }], []);
    using eye = new Sniffer(network.namespace('outer'), 'wan0');
    assert.equal((await inward(global)).length, 0);
    assert.deepEqual(eye.sent(`token-${tokens - 1}-`), []);
  }
});
