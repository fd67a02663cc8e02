import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { clientTls, type Identity, openAuthority, serverTls } from '@sluice/identity';
import { type HttpsServer, httpsPeer, type ServeOptions, serveHttps } from './index.ts';

let directory: string;
let own: Identity;
const here = new AbortController().signal;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-io-'));
  const authority = await openAuthority(directory);
  own = await authority.issue({ endpointId: 'self::portal', role: 'portal', names: ['127.0.0.1'] });
});
after(() => rm(directory, { recursive: true, force: true }));

/** A server that browsers without a certificate may speak to, too. */
async function serve(t: TestContext, options: Partial<ServeOptions>): Promise<HttpsServer> {
  const answer = (request: { resume(): void }, response: ServerResponse) => {
    request.resume();
    response.end('"here"');
  };
  const tls = { ...serverTls(own), rejectUnauthorized: false };
  const server = await serveHttps(answer, { hosts: ['127.0.0.1'], port: 0, tls, ...options });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

/** Resolves when the connection is over, in whatever way. */
function over(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function anonymous(t: TestContext, port: number) {
  const socket = connectTls({ ca: own.caPem, host: '127.0.0.1', port });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  const closed = over(socket).then(() => text);
  return { socket, closed };
}

async function asks(t: TestContext, port: number): Promise<number> {
  const peer = httpsPeer({ origin: `https://127.0.0.1:${port}`, tls: clientTls(own), accepts: () => true });
  t.after(() => peer[Symbol.asyncDispose]());
  return (await peer.ask('GET', '/', undefined, here)).status;
}

test('50 connections that say nothing, with room for 20, keep nobody out', async (t) => {
  const { port } = await serve(t, { room: { unproven: 20 } });
  const quiet = [];
  for (let i = 0; i < 50; i++) {
    const socket = connect({ host: '127.0.0.1', port });
    t.after(() => socket.destroy());
    quiet.push(over(socket));
    await once(socket, 'connect');
  }
  await Promise.all(quiet.slice(0, 30));
  assert.equal(await asks(t, port), 200);
});

test('headers that trickle in are given up, and so is a body', async (t) => {
  const { port } = await serve(t, { requestMs: 300 });
  const slow = anonymous(t, port);
  slow.socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
  const trickling = setInterval(() => slow.socket.write('x: y\r\n'), 50);
  t.after(() => clearInterval(trickling));
  assert.match(await slow.closed, /^HTTP\/1\.1 408 /);
  const body = anonymous(t, port);
  body.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
  const dripping = setInterval(() => body.socket.write('x'), 50);
  t.after(() => clearInterval(dripping));
  await body.closed;
  assert.equal(await asks(t, port), 200);
});

test('a handshake that is not gone on with is given up', async (t) => {
  const { port } = await serve(t, { requestMs: 300 });
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => socket.destroy());
  socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3));
  await over(socket);
});
