import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceSocket } from '../io/socket-table.ts';
import { OwnPlayers } from './own-players.ts';
import { OwnRequests } from './own-requests.ts';

const portal = { address: '203.0.113.20', port: 8554 };
const server = { address: '203.0.113.10', port: 7000 };
const device = '192.168.1.2';
const observed = { address: '203.0.113.1', port: 45_678 };
const streams = [5000, 5001].map((port, index) => ({
  transport: 'udp' as const,
  port,
  remote: { ...server, port: 7000 + index },
}));
const asked = { flow: { portal, observed }, streams };

const connection = (change: Partial<DeviceSocket> = {}): DeviceSocket => ({
  transport: 'tcp',
  local: { address: device, port: observed.port },
  remote: portal,
  state: 'established',
  uid: 1000,
  ...change,
});
const port = (number: number, uid = 1000, address = '0.0.0.0'): DeviceSocket => ({
  transport: 'udp',
  local: { address, port: number },
  remote: { address: '0.0.0.0', port: 0 },
  state: 'bound',
  uid,
});

/** A device whose sockets a test changes. */
function deviceWith(...sockets: DeviceSocket[]) {
  const now = [...sockets];
  const players = new OwnPlayers({
    sockets: () => now,
    ownAddresses: () => new Set([device, '2001:db8:100::2']),
    portalAddresses: async () => new Set([portal.address, '2001:db8:1::20']),
  });
  const requests = new OwnRequests(() => new Set([device]));
  requests.ask(() => players.streams());
  const judge = (local: number, remote = server) =>
    requests.judge({ id: 's1-0', streamType: 'rtp', remote, local: { address: device, port: local }, until: 0 })?.code;
  return { now, players, judge };
}
const playing = () => deviceWith(connection(), port(5000), port(5001));

test("a program's connection and its ports make it this device's: opened to, exactly, while they are there", async () => {
  const { now, players, judge } = playing();
  assert.equal(judge(5000), 'not-asked-for');
  assert.deepEqual(await players.claim(asked), { local: device });
  assert.equal(judge(5000), undefined);
  assert.equal(judge(5001), 'not-asked-for', 'from another port of the server');
  assert.equal(judge(5001, { ...server, port: 7001 }), undefined);
  assert.equal(judge(22), 'not-asked-for');
  assert.equal(judge(5000, { address: '203.0.113.66', port: 7000 }), 'not-asked-for');
  assert.deepEqual(await players.claim(asked), { local: device }, 'asked again');
  now.splice(0, 1);
  assert.equal(judge(5000), 'not-asked-for', 'its connection has ended');
});

test('one connection asks for one track after the other', async () => {
  const { now, players, judge } = playing();
  now.push(port(5002), port(5003));
  await players.claim(asked);
  const audio = streams.map((stream) => ({ ...stream, port: stream.port + 2 }));
  assert.deepEqual(await players.claim({ ...asked, streams: audio }), { local: device });
  assert.deepEqual([judge(5000), judge(5002)], [undefined, undefined]);
});

test('IPv6: the very address that was seen', async () => {
  const six = { address: '2001:db8:100::2', port: 45_678 };
  const there = { address: '2001:db8:1::20', port: 8554 };
  const { players } = deviceWith(
    connection({ local: six, remote: there }),
    port(5000, 1000, '::'),
    port(5001, 1000, '::'),
  );
  assert.deepEqual(await players.claim({ flow: { portal: there, observed: six }, streams }), { local: six.address });
  const other = { ...six, address: '2001:db8:100::3' };
  assert.match(
    String(await players.claim({ flow: { portal: there, observed: other }, streams })),
    /another device asks/,
  );
});

const others: [string, DeviceSocket[], RegExp][] = [
  ['a neighbour: nothing here is connected', [port(5000), port(5001)], /another device asks/],
  [
    'a neighbour, while a player here plays over another connection',
    [connection({ local: { address: device, port: 45_679 } }), port(5000), port(5001)],
    /another device asks/,
  ],
  ['a connection to somebody else', [connection({ remote: server }), port(5000), port(5001)], /another device asks/],
  ['a connection that has ended', [connection({ state: 'other' }), port(5000), port(5001)], /another device asks/],
  [
    "a connection that leaves from no address of this device's",
    [connection({ local: { address: '10.0.0.1', port: 45_678 } })],
    /another/,
  ],
  ['a port that is not open', [connection(), port(5000)], /no udp port 5001 open/],
  ["another user's port", [connection(), port(5000), port(5001, 33)], /no udp port 5001 open/],
  ['a port of loopback', [connection(), port(5000), port(5001, 1000, '127.0.0.1')], /no udp port 5001 open/],
];
for (const [title, sockets, why] of others)
  test(`not this device's: ${title}`, async () => {
    const { players, judge } = deviceWith(...sockets);
    assert.match(String(await players.claim(asked)), why);
    assert.equal(judge(5000), 'not-asked-for');
  });

test('a portal that is not the one of this device, a TCP port that nobody listens at, and ports that another connection has', async () => {
  const { now, players } = playing();
  const elsewhere = { ...portal, address: '203.0.113.66' };
  assert.match(String(await players.claim({ ...asked, flow: { portal: elsewhere, observed } })), /not the portal/);
  const tcp = streams.map((stream) => ({ ...stream, transport: 'tcp' as const }));
  assert.match(String(await players.claim({ ...asked, streams: tcp })), /no tcp port 5000/);
  const listening = { ...port(5000), transport: 'tcp', state: 'listening' } as const;
  const ofTcp = deviceWith(connection(), listening, { ...listening, local: { address: device, port: 5001 } });
  assert.deepEqual(await ofTcp.players.claim({ ...asked, streams: tcp }), { local: device });
  assert.deepEqual(await players.claim(asked), { local: device });
  const second = { ...observed, port: 45_680 };
  now.push(connection({ local: { address: device, port: second.port } }));
  assert.match(String(await players.claim({ ...asked, flow: { portal, observed: second } })), /another connection/);
  now.splice(0, 1);
  assert.deepEqual(await players.claim({ ...asked, flow: { portal, observed: second } }), { local: device });
});
