import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { joinGroups, systemUdp, type UdpConnection, type UdpReceiver } from './udp.ts';

const silent: UdpReceiver = { message: () => assert.fail('a datagram'), refused: () => assert.fail('refused') };

async function serve(type: 'udp4' | 'udp6', address: string): Promise<Socket> {
  const server = createSocket(type).bind(0, address);
  await once(server, 'listening');
  return server;
}

async function opened(...args: Parameters<typeof systemUdp.open>): Promise<UdpConnection> {
  const socket = await systemUdp.open(...args);
  assert.ok(!('failed' in socket), JSON.stringify(socket));
  return socket;
}

for (const [type, address] of [
  ['udp4', '127.0.0.1'],
  ['udp6', '::1'],
] as const)
  test(`${type}: what is sent arrives from where the socket says, and only the target is heard`, async (t) => {
    const [server, stranger] = [await serve(type, address), await serve(type, address)];
    t.after(() => [server.close(), stranger.close()]);
    const heard = Promise.withResolvers<string>();
    const listener = { ...silent, message: (bytes: Uint8Array) => heard.resolve(Buffer.from(bytes).toString()) };
    using socket = await opened({ address, port: server.address().port }, undefined, listener);
    const asked = once(server, 'message');
    socket.send(Buffer.from('ping'));
    const [bytes, from] = (await asked) as [Buffer, RemoteInfo];
    assert.equal(bytes.toString(), 'ping');
    assert.deepEqual({ address: from.address, port: from.port }, socket.local);
    await new Promise((sent) => stranger.send('not you', socket.local.port, address, sent));
    server.send('pong', socket.local.port, address);
    assert.equal(await heard.promise, 'pong');
  });

test('it is sent from the address that is wished', async (t) => {
  const server = await serve('udp4', '127.0.0.1');
  t.after(() => server.close());
  using socket = await opened({ address: '127.0.0.1', port: server.address().port }, '127.0.0.7', silent);
  assert.equal(socket.local.address, '127.0.0.7');
});

test('an address of another machine, and no way at all, are told apart', async () => {
  const target = { address: '127.0.0.1', port: 9 };
  const elsewhere = await systemUdp.open(target, '192.0.2.1', silent);
  assert.equal('failed' in elsewhere && elsewhere.failed, 'not-ours');
  const nowhere = await systemUdp.open({ address: '255.255.255.255', port: 9 }, undefined, silent);
  assert.equal('failed' in nowhere && nowhere.failed, 'no-way');
});

test('where nothing listens, that is told', async () => {
  const server = await serve('udp4', '127.0.0.1');
  const { port } = server.address();
  await new Promise<void>((closed) => server.close(closed));
  const refused = Promise.withResolvers<string>();
  using socket = await opened({ address: '127.0.0.1', port }, undefined, { ...silent, refused: refused.resolve });
  socket.send(Buffer.from('ping'));
  assert.equal(await refused.promise, 'ECONNREFUSED');
});

test('several hear what is sent to a group', async () => {
  const heard = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  // A free port; the group's own is the same for all.
  const probe = await serve('udp4', '127.0.0.1');
  const { port } = probe.address();
  await new Promise<void>((closed) => probe.close(closed));
  const group = { address: '224.0.0.1', port, interface: '127.0.0.1' };
  const missed = (_: unknown, reason: string) => {
    for (const { reject } of heard) reject(new Error(reason));
  };
  await using _one = await joinGroups([group], (bytes) => heard[0]?.resolve(String(bytes)), missed);
  await using _two = await joinGroups([group], (bytes, from) => heard[1]?.resolve(`${bytes} ${from}`), missed);
  const sender = await serve('udp4', '127.0.0.1');
  sender.setMulticastInterface('127.0.0.1');
  sender.send('news', port, '224.0.0.1');
  assert.deepEqual(await Promise.all(heard.map(({ promise }) => promise)), ['news', 'news 127.0.0.1']);
  sender.close();
});

test('a group that cannot be joined is told, and the others are heard', async () => {
  const told: string[] = [];
  const group = { address: '192.0.2.1', port: 5350 };
  await using _ = await joinGroups(
    [group],
    () => {},
    ({ address }) => void told.push(address),
  );
  assert.deepEqual(told, ['192.0.2.1']);
});
