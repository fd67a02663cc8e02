import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Authority, clientTls, type Identity, openAuthority, peerIdentity, serverTls } from '@sluice/identity';
import {
  type HttpsPeer,
  httpsPeer,
  inProcessConnection,
  PartsBeside,
  PeerUnreachable,
  PeerUntrusted,
  serveHttps,
} from './index.ts';

let directory: string;
let authority: Authority;
let server: Identity;
let portal: Identity;
const here = new AbortController().signal;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-in-process-'));
  authority = await openAuthority(directory);
  // No name that a network would reach it by.
  server = await authority.issue({ endpointId: 'self::media-1', role: 'media-server', names: [] });
  portal = await authority.issue({ endpointId: 'self::portal-1', role: 'portal', names: [] });
});
after(() => rm(directory, { recursive: true, force: true }));

async function serve(t: TestContext, listener: RequestListener) {
  const serving = await serveHttps(listener, { hosts: ['127.0.0.1'], port: 0, tls: serverTls(server) });
  let open = true;
  const close = async () => {
    if (open) await serving[Symbol.asyncDispose]();
    open = false;
  };
  t.after(close);
  return { door: serving.door, close };
}

function peer(
  t: TestContext,
  options: Pick<Parameters<typeof httpsPeer>[0], 'door'>,
  role = 'media-server',
): HttpsPeer {
  const accepts = (socket: TLSSocket) => peerIdentity(socket)?.role === role;
  const made = httpsPeer({ origin: 'https://media-server', tls: clientTls(portal), accepts, ...options });
  t.after(() => made[Symbol.asyncDispose]());
  return made;
}

const whoAsks = ({ socket }: IncomingMessage) => peerIdentity(socket as TLSSocket)?.endpointId;

test('a part of the same process is asked in memory, and each knows who the other is', async (t) => {
  const sockets = new Set<unknown>();
  const { door } = await serve(t, (request, response) => {
    sockets.add(request.socket);
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(JSON.stringify([whoAsks(request), bytes])));
  });
  const media = peer(t, { door });
  for (const length of [1, 1_000_000]) {
    const { body } = await media.ask('POST', '/', 'x'.repeat(length), here);
    assert.deepEqual(JSON.parse(body.toString()), ['self::portal-1', length + 2]);
  }
  const answers = await Promise.all(Array.from({ length: 40 }, () => media.ask('GET', '/', undefined, here)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.ok(sockets.size <= 16, 'over connections that are kept');
  assert.equal(media.local, undefined, 'no address of its own');
});

test('a part of another role is not told anything', async (t) => {
  let asked = 0;
  const { door } = await serve(t, (_, response) => {
    asked += 1;
    response.end();
  });
  await assert.rejects(peer(t, { door }, 'configuration-server').ask('GET', '/', undefined, here), PeerUntrusted);
  assert.equal(asked, 0);
});

test('an answer that goes on ends with the server, and who has gone is unreachable', async (t) => {
  const { door, close } = await serve(t, (_, response) => void response.writeHead(200).write('first'));
  const media = peer(t, { door });
  const heard: string[] = [];
  await assert.rejects(async () => {
    for await (const bytes of media.stream('/', here)) {
      heard.push(Buffer.from(bytes).toString());
      await close();
    }
  }, PeerUnreachable);
  assert.deepEqual(heard, ['first']);
  const beside = new PartsBeside();
  const open = beside.open('media-server', door);
  open[Symbol.dispose]();
  await assert.rejects(peer(t, { door: beside.to('media-server') }).ask('GET', '/', undefined, here), PeerUnreachable);
});

test('who gives up waiting is noticed', async (t) => {
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { door } = await serve(t, (request, response) => {
    response.once('close', () => gone.resolve());
    request.resume();
    asked.resolve();
  });
  const waiting = new AbortController();
  const answer = peer(t, { door }).ask('POST', '/', {}, waiting.signal);
  await asked.promise;
  waiting.abort(new Error('enough'));
  await assert.rejects(answer, /enough/);
  await gone.promise;
});

test('whoever is gone is gone at both ends', async () => {
  for (const first of ['client', 'server'] as const) {
    const pair = inProcessConnection(portal.certPem, server.certPem);
    assert.equal(peerIdentity(pair.client)?.endpointId, 'self::media-1');
    assert.equal(peerIdentity(pair.server)?.endpointId, 'self::portal-1');
    const other = first === 'client' ? pair.server : pair.client;
    const closed = once(other, 'close');
    pair[first].destroy();
    await closed;
    assert.ok(other.destroyed);
  }
});
