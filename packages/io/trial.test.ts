import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { VirtualClock } from './clock.ts';
import { tryConnecting, trySending } from './trial.ts';

const patient = new AbortController().signal;

test('a datagram goes out three times, and its own address is told', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const clock = new VirtualClock();
  const heard: Buffer[] = [];
  const third = new Promise<void>((resolve) => {
    socket.on('message', (bytes) => heard.push(bytes) === 3 && resolve());
  });
  const to = { address: '127.0.0.1', port: socket.address().port };
  const sending = trySending(to, Buffer.from('probe'), clock, patient);
  let done = false;
  void sending.then(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.pass(60);
  }
  assert.deepEqual(await sending, { outcome: 'sent', from: '127.0.0.1' });
  await third;
  assert.deepEqual(heard.map(String), ['probe', 'probe', 'probe']);
  socket.close();
});

test('a connection that gets through is cut by a reset', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  const closed = new Promise<string>((resolve) => {
    server.on('connection', (socket) =>
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
    );
  });
  const to = { address: '127.0.0.1', port: address.port };
  assert.deepEqual(await tryConnecting(to, patient), { outcome: 'connected', from: '127.0.0.1' });
  assert.equal(await closed, 'ECONNRESET');
  server.close();
  await once(server, 'close');
  assert.equal((await tryConnecting(to, patient)).outcome, 'silent');
  assert.equal((await tryConnecting(to, AbortSignal.abort())).outcome, 'failed');
});
