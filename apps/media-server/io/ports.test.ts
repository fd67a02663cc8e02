import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Endpoint } from '@sluice/model';
import type { DatagramPort } from '../sending/ports.ts';
import { openTcpPort } from './tcp-port.ts';
import { openUdpPort } from './udp-port.ts';

const forever = new AbortController().signal;
const bytes = (text: string) => new TextEncoder().encode(text);

async function listener(address = '127.0.0.1'): Promise<{ server: Server; to: Endpoint; accepted: Promise<Socket> }> {
  // Some tests cut the connection.
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  const bound = server.address();
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  return { server, to: { address, port: typeof bound === 'object' && bound ? bound.port : 0 }, accepted };
}

/** Connects from a port of its own choice; `reset` resolves when the other side refuses or cuts. */
async function caller(to: Endpoint, localPort?: number): Promise<{ socket: Socket; cut: Promise<unknown> }> {
  const socket = connect({
    host: to.address,
    port: to.port,
    localAddress: to.address,
    ...(localPort && { localPort }),
  });
  socket.on('error', () => {});
  const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => socket.once('connect', resolve)), cut]);
  return { socket, cut };
}

async function freePort(address = '127.0.0.1'): Promise<number> {
  const { server, to } = await listener(address);
  await new Promise((resolve) => server.close(resolve));
  return to.port;
}

function sent(port: DatagramPort, parts: readonly Uint8Array[], to: Endpoint): Promise<Error | null> {
  return new Promise((resolve) => port.send(parts, to, resolve));
}

for (const address of ['127.0.0.1', '::1']) {
  test(`a UDP port on ${address} sends to many and hears each`, async () => {
    await using port = await openUdpPort(address, 0);
    const type = address === '::1' ? 'udp6' : 'udp4';
    for (const name of ['a', 'b']) {
      const peer = createSocket(type).bind({ address, port: 0 });
      await once(peer, 'listening');
      const to = { address, port: peer.address().port };
      const heard = once(peer, 'message');
      assert.equal(await sent(port, [bytes('hea'), bytes(`der ${name}`)], to), null);
      const [message, from] = await heard;
      assert.equal(String(message), `header ${name}`);
      assert.equal(from.port, port.local.port);
      const taken = Promise.withResolvers<string>();
      const stop = port.hear(to, (datagram) => taken.resolve(String(datagram)));
      peer.send(`from ${name}`, port.local.port, address);
      assert.equal(await taken.promise, `from ${name}`);
      stop();
      peer.close();
    }
  });

  test(`a TCP port on ${address} connects to many places at once, from one port`, async () => {
    await using port = await openTcpPort(address, 0);
    const peers = await Promise.all(Array.from({ length: 5 }, () => listener(address)));
    const dialled = await Promise.all(peers.map(({ to }) => port.dial(to, forever)));
    for (const [index, { accepted, server }] of peers.entries()) {
      const socket = await accepted;
      assert.equal(socket.remotePort, port.local.port);
      const got = once(socket, 'data');
      const connection = dialled[index];
      await connection?.write(bytes(`hello ${index}`));
      assert.equal(String((await got)[0]), `hello ${index}`);
      const ended = once(socket, 'end');
      const closed = connection?.end();
      await ended;
      await closed;
      assert.equal(connection?.bytesSent, 7);
      server.close();
    }
  });
}

test('a UDP port tells what cannot be sent, and goes on', async () => {
  await using port = await openUdpPort('127.0.0.1', 0);
  assert.ok((await sent(port, [new Uint8Array(70_000)], port.local)) instanceof Error);
  assert.ok((await sent(port, [bytes('x')], { address: '127.0.0.1', port: 0 })) instanceof Error);
  assert.equal(await sent(port, [bytes('x')], port.local), null);
});

test('ports that are taken are refused', async () => {
  await using udp = await openUdpPort('127.0.0.1', 0);
  await assert.rejects(openUdpPort('127.0.0.1', udp.local.port), /EADDRINUSE/);
  const { server, to } = await listener();
  await assert.rejects(openTcpPort('127.0.0.1', to.port), /EADDRINUSE/);
  server.close();
});

test('only who is expected may connect, and only while expected', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  const refused = await caller(port.local);
  await refused.cut;
  const localPort = await freePort();
  const { connection } = await port.expect({ address: '127.0.0.1', port: localPort }, forever);
  const stranger = await caller(port.local);
  await stranger.cut;
  const { socket } = await caller(port.local, localPort);
  const open = await connection;
  const got = once(socket, 'data');
  await open.write(bytes('hello'));
  assert.equal(String((await got)[0]), 'hello');
  const late = await caller(port.local);
  await late.cut;
  assert.equal(socket.destroyed, false, 'the connection stays');
  socket.destroy();
  await open.closed;
});

test('who does not come is waited for until the signal', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  const patience = new AbortController();
  const { connection } = await port.expect({ address: '127.0.0.1', port: 9 }, patience.signal);
  patience.abort(new Error('enough'));
  await assert.rejects(connection, /enough/);
  const { server, to } = await listener();
  (await port.dial(to, forever)).destroy();
  server.close();
});

test('one port connects and is connected to, in turns, and keeps all connections', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  const places = await Promise.all([listener(), listener(), listener()]);
  const localPorts = [await freePort(), await freePort()];
  const before = await port.dial(places[0]?.to ?? port.local, forever);
  const expected = await Promise.all(
    localPorts.map((localPort) => port.expect({ address: '127.0.0.1', port: localPort }, forever)),
  );
  const during = [port.dial(places[1]?.to ?? port.local, forever), port.dial(places[2]?.to ?? port.local, forever)];
  const callers = await Promise.all(localPorts.map((localPort) => caller(port.local, localPort)));
  const connections = [before, ...(await Promise.all([...expected.map(({ connection }) => connection), ...during]))];
  const peers = [
    await places[0]?.accepted,
    ...callers.map(({ socket }) => socket),
    await places[1]?.accepted,
    await places[2]?.accepted,
  ];
  for (const [index, peer] of peers.entries()) {
    assert.ok(peer);
    const got = once(peer, 'data');
    await connections[index]?.write(bytes(`to ${index}`));
    assert.equal(String((await got)[0]), `to ${index}`);
  }
  for (const peer of peers) peer?.destroy();
  for (const { server } of places) server.close();
});

test('a place that refuses is told', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  await assert.rejects(port.dial({ address: '127.0.0.1', port: await freePort() }, forever), /ECONNREFUSED/);
  const gone = new AbortController();
  gone.abort(new Error('gone'));
  const { server, to } = await listener();
  await assert.rejects(port.dial(to, gone.signal), /gone/);
  server.close();
});

test('a connection that the peer cuts tells whoever writes', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  const { server, to, accepted } = await listener();
  const connection = await port.dial(to, forever);
  const socket = await accepted;
  socket.resetAndDestroy();
  await connection.closed;
  await assert.rejects(connection.write(bytes('x')), /closed/);
  server.close();
});

test('writing waits while the peer does not read', async () => {
  await using port = await openTcpPort('127.0.0.1', 0);
  const { server, to, accepted } = await listener();
  const connection = await port.dial(to, forever);
  const socket = await accepted;
  const megabytes = 16;
  let received = 0;
  const writing = (async () => {
    for (let i = 0; i < megabytes; i++) await connection.write(new Uint8Array(1_000_000));
    await connection.end();
  })();
  socket.on('data', (part) => {
    received += part.length;
  });
  await once(socket, 'end');
  await writing;
  assert.equal(received, megabytes * 1_000_000);
  assert.equal(connection.bytesSent, received);
  server.close();
});
