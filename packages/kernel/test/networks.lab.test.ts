import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { type BuiltNetwork, buildNetwork } from '../../../lab/build.ts';
import { inNamespace, type Packet, RawSender, Sniffer, tcpFlag } from '../../../lab/packets/index.ts';
import type { Attachment, Topology } from '../../../lab/topology.ts';
import { type DataPlane, openDataPlane } from '../index.ts';

const at = (host: string, name: string, address: string, address6: string): Attachment => ({
  host,
  interface: name,
  addresses: [`${address}/24`, `${address6}/64`],
});
const out = (last: string, prefix: string) => ({
  routes: [
    { to: 'default', via: last },
    { to: 'default', via: prefix },
  ],
});

/** A gateway between two local networks and two internets. */
const topology: Topology = {
  hosts: [
    { name: 'gateway', forwards: true },
    { name: 'tv', ...out('192.168.1.1', '2001:db8:100::1') },
    { name: 'nas', ...out('192.168.2.1', '2001:db8:200::1') },
    { name: 'first', ...out('203.0.113.1', '2001:db8:1::1') },
    { name: 'second', ...out('198.51.100.1', '2001:db8:2::1') },
  ],
  networks: [
    {
      name: 'a',
      members: [
        at('gateway', 'lan0', '192.168.1.1', '2001:db8:100::1'),
        at('tv', 'eth0', '192.168.1.2', '2001:db8:100::2'),
      ],
    },
    {
      name: 'b',
      members: [
        at('gateway', 'lan1', '192.168.2.1', '2001:db8:200::1'),
        at('nas', 'eth0', '192.168.2.2', '2001:db8:200::2'),
      ],
    },
    {
      name: 'c',
      members: [
        at('gateway', 'wan0', '203.0.113.1', '2001:db8:1::1'),
        at('first', 'eth0', '203.0.113.10', '2001:db8:1::10'),
      ],
    },
    {
      name: 'd',
      members: [
        at('gateway', 'wan1', '198.51.100.1', '2001:db8:2::1'),
        at('second', 'eth0', '198.51.100.10', '2001:db8:2::10'),
      ],
    },
  ],
};

let network: BuiltNetwork;
let plane: DataPlane;
let tokens = 0;

before(async () => {
  network = await buildNetwork(topology, 'nets', AbortSignal.timeout(60_000));
  plane = inNamespace(network.namespace('gateway'), () => {
    // A narrower way out, as PPPoE has.
    execFileSync('ip', ['link', 'set', 'wan1', 'mtu', '1400']);
    const opened = openDataPlane();
    opened.load({ wan: ['wan0', 'wan1'], lan: ['lan0', 'lan1'] });
    return opened;
  });
});
after(async () => {
  plane[Symbol.dispose]();
  await network[Symbol.asyncDispose]();
});

/** What of a packet sent by one host leaves the gateway by an interface. */
async function through(host: string, leaves: string, packet: Packet): Promise<Packet[]> {
  const token = `token-${tokens++}-`;
  using sender = new RawSender(network.namespace(host));
  using eye = new Sniffer(network.namespace('gateway'), leaves);
  const link = topology.networks.find(({ members }) => members[1]?.host === host);
  using door = new Sniffer(network.namespace('gateway'), link?.members[0]?.interface ?? '');
  sender.send({ ...packet, payload: Buffer.from(token) });
  await door.waitFor(token, 1, AbortSignal.timeout(5000));
  await new Promise((resolve) => setTimeout(resolve, 20));
  return eye.sent(token);
}

const udp = (from: string, to: string): Packet => ({
  transport: 'udp',
  from: { address: from, port: 7000 },
  to: { address: to, port: 5000 },
  payload: Buffer.alloc(0),
});

test('local networks reach each other, internets do not', { timeout: 60_000 }, async () => {
  for (const [tv, nas, first, second] of [
    ['192.168.1.2', '192.168.2.2', '203.0.113.10', '198.51.100.10'],
    ['2001:db8:100::2', '2001:db8:200::2', '2001:db8:1::10', '2001:db8:2::10'],
  ] as const) {
    assert.equal((await through('tv', 'lan1', udp(tv, nas))).length, 1);
    const back = { ...udp(nas, tv), from: { address: nas, port: 5000 }, to: { address: tv, port: 7000 } } as Packet;
    assert.equal((await through('nas', 'lan0', back)).length, 1);
    assert.equal((await through('first', 'wan1', udp(first, second))).length, 0);
    assert.equal((await through('first', 'lan0', udp(first, tv))).length, 0);
    assert.equal((await through('second', 'lan1', udp(second, nas))).length, 0);
  }
});

test('each WAN address has openings of its own, to any local network', { timeout: 60_000 }, async () => {
  const opening = (global: string, remote: string, local: string) => ({
    streamType: 'udp' as const,
    remote: { address: remote, port: 7000 },
    global: { address: global, port: 5000 },
    local: { address: local, port: 6000 },
    tag: global,
  });
  const add = [
    { opening: opening('203.0.113.1', '203.0.113.10', '192.168.2.2'), leaseMs: 60_000 },
    { opening: opening('198.51.100.1', '198.51.100.10', '192.168.1.2'), leaseMs: 60_000 },
  ];
  assert.equal(plane.commit({ add, renew: [], remove: [] }), undefined);
  const [one] = await through('first', 'lan1', udp('203.0.113.10', '203.0.113.1'));
  assert.deepEqual(one?.to, { address: '192.168.2.2', port: 6000 });
  const [two] = await through('second', 'lan0', udp('198.51.100.10', '198.51.100.1'));
  assert.deepEqual(two?.to, { address: '192.168.1.2', port: 6000 });
  assert.equal((await through('second', 'lan1', udp('198.51.100.10', '203.0.113.1'))).length, 0);
});

test("TCP's segment size is clamped to the narrower way, both families, and is never raised", {
  timeout: 60_000,
}, async () => {
  const syn = (from: string, to: string, size: number): Packet => ({
    transport: 'tcp',
    from: { address: from, port: 1000 + size },
    to: { address: to, port: 80 },
    payload: Buffer.alloc(0),
    tcp: { sequence: 1, acknowledgement: 0, flags: tcpFlag.syn, options: Buffer.from([2, 4, size >> 8, size & 0xff]) },
  });
  for (const [from, to, size, expected] of [
    ['192.168.2.2', '198.51.100.10', 1460, 1360],
    ['192.168.2.2', '198.51.100.10', 536, 536],
    ['2001:db8:200::2', '2001:db8:2::10', 1440, 1340],
  ] as const) {
    const [left] = await through('nas', 'wan1', syn(from, to, size));
    assert.ok(left?.transport === 'tcp');
    assert.deepEqual(Buffer.from(left.tcp?.options ?? []), Buffer.from([2, 4, expected >> 8, expected & 0xff]));
  }
});
