import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPlain } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Authority, clientTls, type Identity, openAuthority, serverTls } from '@sluice/identity';
import { systemClock, VirtualClock } from '@sluice/io';
import type { Clock } from '@sluice/model';
import { type AdmissionLimits, admit } from './index.ts';

let directory: string;
let authority: Authority;
let own: Identity;
let portal: Identity;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-admission-'));
  authority = await openAuthority(directory);
  own = await authority.issue({ endpointId: 'self::server', role: 'media-server', names: ['127.0.0.1'] });
  portal = await authority.issue({ endpointId: 'self::portal', role: 'portal', names: ['127.0.0.1'] });
});
after(() => rm(directory, { recursive: true, force: true }));

async function listening<S extends Server>(t: TestContext, server: S): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A server that anybody may speak to, with a certificate or without. */
async function serve(t: TestContext, limits: Partial<AdmissionLimits>, clock: Clock = systemClock) {
  const slow: (() => void)[] = [];
  const server = createServer({ ...serverTls(own), rejectUnauthorized: false }, (asked, answer) => {
    if (asked.url === '/slow') slow.push(() => void answer.end('late'));
    else answer.end('here');
  });
  const admission = admit(server, { clock, limits });
  return { port: await listening(t, server), admission, server, slow };
}

/** A connection that says nothing; `closed` resolves when the server has closed it. */
async function silent(t: TestContext, port: number) {
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return { socket, closed };
}

function ask(port: number, identity: Identity | undefined, agent: Agent | false = false, path = '/'): Promise<string> {
  const tls = identity ? clientTls(identity) : { ca: own.caPem };
  return new Promise((resolve, reject) => {
    const asking = request({ ...tls, host: '127.0.0.1', port, path, agent }, (answer) => {
      let text = '';
      answer.on('data', (piece) => {
        text += piece;
      });
      answer.on('end', () => resolve(text));
    });
    asking.on('error', reject);
    asking.end();
  });
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve));
}

test('of 50 that say nothing 20 stay, the oldest go, and whoever speaks is served', async (t) => {
  const { port, admission } = await serve(t, { unprovenOfOne: 20 });
  const all = [];
  for (let i = 0; i < 50; i++) all.push(await silent(t, port));
  await Promise.all(all.slice(0, 30).map(({ closed }) => closed));
  await until(() => admission.counts().evicted === 30);
  assert.equal(admission.counts().unproven, 20);
  assert.equal(await ask(port, portal), 'here');
  assert.equal(await ask(port, undefined), 'here');
  assert.ok(
    all.slice(33).every(({ socket }) => !socket.destroyed),
    'those that came last are still there',
  );
});

test('who says nothing in time is shut out; who came later has its time, too', async (t) => {
  const clock = new VirtualClock();
  const { port, admission } = await serve(t, { firstOctetMs: 5_000 }, clock);
  const early = await silent(t, port);
  await until(() => admission.counts().unproven === 1);
  await clock.pass(3_000);
  const late = await silent(t, port);
  await until(() => admission.counts().unproven === 2);
  await clock.pass(2_000);
  await early.closed;
  assert.equal(late.socket.destroyed, false);
  await clock.pass(3_000);
  await late.closed;
  await until(() => admission.counts().unproven === 0);
  assert.deepEqual(admission.counts(), { unproven: 0, evicted: 0, silent: 2, shed: 0 });
});

test('connections with a verified certificate are not counted with the others, and are not turned out for them', async (t) => {
  const { port, admission } = await serve(t, { unprovenOfOne: 4, idleOfOne: 4 });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  await Promise.all(Array.from({ length: 4 }, () => ask(port, portal, agent)));
  const sockets = () => Object.values(agent.freeSockets).flat() as TLSSocket[];
  await until(() => sockets().length === 4);
  for (let i = 0; i < 10; i++) await silent(t, port);
  await until(() => admission.counts().evicted === 6);
  assert.ok(sockets().every((socket) => !socket.destroyed));
  assert.equal(await ask(port, portal, agent), 'here');
});

test('of those with a certificate that ask nothing the oldest goes; one that waits for its answer stays', async (t) => {
  const { port, admission, slow } = await serve(t, { idleOfOne: 2 });
  const waiting = ask(port, portal, false, '/slow');
  await until(() => slow.length === 1);
  const idle: TLSSocket[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = connectTls({ ...clientTls(portal), host: '127.0.0.1', port });
    t.after(() => socket.destroy());
    socket.on('error', () => {}).resume();
    // In TLS 1.3 the server is through after the client.
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    idle.push(socket);
  }
  await until(() => admission.counts().evicted === 1);
  await once(idle[0] ?? assert.fail(), 'close');
  slow[0]?.();
  assert.equal(await waiting, 'late');
  assert.ok(idle.slice(1).every((socket) => !socket.destroyed));
});

test('an address that begins too many handshakes is turned away before them, until the second is over', async (t) => {
  const clock = new VirtualClock();
  const { port, admission, server } = await serve(t, { handshakesOfOne: 5 }, clock);
  let handshakes = 0;
  server.on('tlsClientError', () => handshakes++);
  const noise = async () => {
    const { socket, closed } = await silent(t, port);
    socket.write('this is no TLS');
    await closed;
  };
  for (let i = 0; i < 12; i++) await noise();
  assert.deepEqual([handshakes, admission.counts().shed], [5, 7]);
  await assert.rejects(ask(port, portal));
  await clock.pass(1_000);
  // Handshakes that prove who comes are no matter, however many.
  for (let i = 0; i < 8; i++) assert.equal(await ask(port, portal), 'here');
  await noise();
  assert.equal(handshakes, 6);
});

test('a handshake that stops half-way makes room, and does not hold up others', async (t) => {
  const { port, admission } = await serve(t, { unprovenOfOne: 4 });
  const half = [];
  for (let i = 0; i < 4; i++) {
    const socket = await silent(t, port);
    // The beginning of a ClientHello.
    socket.socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3));
    half.push(socket);
  }
  await until(() => admission.counts().unproven === 4);
  for (let i = 0; i < 3; i++) assert.equal(await ask(port, portal), 'here');
  assert.ok(admission.counts().evicted >= 1);
  await Promise.race(half.map(({ closed }) => closed));
});

test('what is served without TLS has the same room', async (t) => {
  const server = createPlain((_, answer) => void answer.end('plain'));
  const admission = admit(server, { clock: systemClock, limits: { unproven: 10 } });
  const port = await listening(t, server);
  const all = [];
  for (let i = 0; i < 25; i++) all.push(await silent(t, port));
  await Promise.all(all.slice(0, 15).map(({ closed }) => closed));
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'plain');
  assert.ok(admission.counts().unproven <= 10);
});

test('whoever is gone leaves no trace, whenever it went', async (t) => {
  const { port, admission, server } = await serve(t, {});
  const early = await silent(t, port);
  early.socket.resetAndDestroy();
  const half = await silent(t, port);
  half.socket.write(Uint8Array.of(22));
  half.socket.resetAndDestroy();
  const tls = connectTls({ ...clientTls(portal), host: '127.0.0.1', port });
  await once(tls, 'secureConnect');
  tls.destroy();
  assert.equal(await ask(port, portal), 'here');
  await until(() => admission.counts().unproven === 0);
  const left = await new Promise((resolve, reject) =>
    server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
  );
  assert.equal(left, 0);
});
