import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { clientTls, type Identity, openAuthority, peerIdentity, serverTls } from '@sluice/identity';
import { silentLog, VirtualClock } from '@sluice/io';
import { connectRecord, encodeRecord, type UspRecord } from '@sluice/wire/usp';
import { WebSocket, WebSocketServer } from 'ws';
import {
  closeCode,
  type DialError,
  dialWebSocket,
  type Listening,
  listenWebSocket,
  type UspConnection,
} from './index.ts';

const serverId = 'self::configuration-1';
const agentId = 'self::gateway-a';
let server: Identity;
let agent: Identity;
let foreign: Identity;
let directories: string[] = [];

before(async () => {
  directories = [await mkdtemp(join(tmpdir(), 'mtp-')), await mkdtemp(join(tmpdir(), 'mtp-'))];
  const [ours, others] = await Promise.all(directories.map((directory) => openAuthority(directory)));
  assert.ok(ours && others);
  server = await ours.issue({ endpointId: serverId, role: 'configuration-server', names: ['localhost', '127.0.0.1'] });
  agent = await ours.issue({ endpointId: agentId, role: 'gateway' });
  foreign = await others.issue({ endpointId: agentId, role: 'gateway' });
});

after(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

const identify = (socket: TLSSocket) => peerIdentity(socket)?.endpointId;

interface World extends AsyncDisposable {
  readonly listening: Listening;
  readonly clock: VirtualClock;
  readonly signal: AbortSignal;
  dial(over?: Partial<Parameters<typeof dialWebSocket>[0]>): Promise<UspConnection>;
  /** The next connection that the server takes. */
  accepted(): Promise<UspConnection>;
  url: string;
}

async function world(over: Partial<Parameters<typeof listenWebSocket>[0]> = {}): Promise<World> {
  const stop = new AbortController();
  const clock = new VirtualClock();
  const arrived: UspConnection[] = [];
  const wanted: ((connection: UspConnection) => void)[] = [];
  const shared = { clock, log: silentLog, identify, random: () => 0.5 };
  const listening = await listenWebSocket(
    {
      ...shared,
      host: '127.0.0.1',
      port: 0,
      path: '/usp',
      tls: serverTls(server),
      endpointId: serverId,
      onConnection(connection) {
        const taker = wanted.shift();
        if (taker) taker(connection);
        else arrived.push(connection);
      },
      ...over,
    },
    stop.signal,
  );
  const url = `wss://127.0.0.1:${listening.port}/usp`;
  return {
    listening,
    clock,
    signal: stop.signal,
    url,
    dial: (more = {}) =>
      dialWebSocket(
        { ...shared, url, tls: clientTls(agent), endpointId: agentId, expectedPeer: serverId, ...more },
        stop.signal,
      ),
    accepted() {
      const connection = arrived.shift();
      return connection ? Promise.resolve(connection) : new Promise((resolve) => wanted.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await listening.closed;
    },
  };
}

const next = (connection: UspConnection): Promise<UspRecord> => new Promise((resolve) => connection.receive(resolve));

test('records go both ways, and each end knows the other by its certificate (TP-469 7.1, 7.10)', async () => {
  await using here = await world();
  const dialled = await here.dial();
  const taken = await here.accepted();
  assert.equal(dialled.peer, serverId);
  assert.equal(taken.peer, agentId);
  assert.equal(taken.from, '127.0.0.1');
  assert.ok(dialled.send(encodeRecord(connectRecord(agentId, serverId))));
  assert.equal((await next(taken)).recordType.case, 'websocketConnect');
  assert.ok(taken.send(encodeRecord(connectRecord(serverId, agentId))));
  assert.equal((await next(dialled)).fromId, serverId);
  dialled.close();
  assert.equal((await taken.closed).code, closeCode.normal);
  assert.equal(dialled.send(new Uint8Array(1)), false);
});

test('a record that came before anyone receives waits', async () => {
  await using here = await world();
  const dialled = await here.dial();
  dialled.send(encodeRecord(connectRecord(agentId, serverId)));
  const taken = await here.accepted();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await next(taken)).fromId, agentId);
});

test('a record in the name of another endpoint ends the connection (TP-469 2.1)', async () => {
  await using here = await world();
  const dialled = await here.dial();
  const taken = await here.accepted();
  taken.receive(() => assert.fail('delivered'));
  dialled.send(encodeRecord(connectRecord('self::gateway-b', serverId)));
  assert.equal((await dialled.closed).code, closeCode.policy);
});

test('a record for another endpoint is ignored (TP-469 3.1)', async () => {
  await using here = await world();
  const dialled = await here.dial();
  const taken = await here.accepted();
  dialled.send(encodeRecord(connectRecord(agentId, 'self::other')));
  dialled.send(encodeRecord(connectRecord(agentId, serverId)));
  assert.equal((await next(taken)).toId, serverId);
});

/** A client of the ws package alone, to send what ours would not. */
async function rawClient(here: World): Promise<WebSocket> {
  const socket = new WebSocket(here.url, ['v1.usp'], clientTls(agent));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return socket;
}

const closeOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', (code) => resolve(code)));

test('text and bytes that are no record close with 1003 (TP-469 7.6)', async () => {
  for (const frame of ['hello', new Uint8Array([1, 2, 3])]) {
    await using here = await world();
    const socket = await rawClient(here);
    (await here.accepted()).receive(() => assert.fail('delivered'));
    socket.send(frame);
    assert.equal(await closeOf(socket), closeCode.unusable);
  }
});

test('a record longer than the limit closes with 1009', async () => {
  await using here = await world({ maxRecordBytes: 1000 });
  const socket = await rawClient(here);
  (await here.accepted()).receive(() => assert.fail('delivered'));
  socket.send(new Uint8Array(1001));
  assert.equal(await closeOf(socket), closeCode.tooLarge);
});

test('fragments are put together, and a pong that nobody asked for is harmless (TP-469 7.7, 7.12)', async () => {
  await using here = await world();
  const socket = await rawClient(here);
  const received = next(await here.accepted());
  const record = encodeRecord(connectRecord(agentId, serverId));
  socket.pong();
  socket.send(record.subarray(0, 5), { fin: false });
  socket.send(record.subarray(5), { fin: true });
  assert.equal((await received).fromId, agentId);
  socket.terminate();
});

test('a close is answered, and the socket goes (TP-469 7.4)', async () => {
  await using here = await world();
  const socket = await rawClient(here);
  const taken = await here.accepted();
  socket.close(1000, 'enough');
  assert.equal(await closeOf(socket), 1000);
  assert.deepEqual(await taken.closed, { code: 1000, reason: 'enough' });
});

test('of two connections of one peer the newer stays, and the older may finish for 10 s (R-WS.4)', async () => {
  await using here = await world();
  const first = await here.dial();
  const older = await here.accepted();
  const second = await here.dial();
  const kept = await here.accepted();
  first.send(encodeRecord(connectRecord(agentId, serverId)));
  assert.equal((await next(older)).fromId, agentId);
  await here.clock.pass(10_000);
  assert.equal((await first.closed).code, closeCode.policy);
  second.send(encodeRecord(connectRecord(agentId, serverId)));
  assert.equal((await next(kept)).fromId, agentId);
});

test('whom the server does not accept gets 403, and a certificate of another CA no TLS', async () => {
  await using here = await world({ accept: (peer) => peer !== agentId });
  await assert.rejects(here.dial(), (error: DialError) => error.kind === 'refused' && /403/.test(error.message));
  await assert.rejects(here.dial({ tls: clientTls(foreign) }), (error: DialError) => error.name === 'DialError');
});

test('an eid other than the certificate, a wrong path and a missing subprotocol are refused (TP-469 7.2)', async () => {
  await using here = await world();
  const answer = (url: string, protocols: string[]): Promise<number | undefined> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, protocols, clientTls(agent));
      socket.on('error', () => {});
      socket.on('unexpected-response', (_, response) => {
        resolve(response.statusCode);
        socket.terminate();
      });
    });
  assert.equal(await answer(`${here.url}?eid=self::gateway-b`, ['v1.usp']), 403);
  assert.equal(await answer(`${here.url}/other`, ['v1.usp']), 404);
  assert.equal(await answer(here.url, []), 400);
});

test('a server that is not the expected one is untrusted (TP-469 7.9)', async () => {
  await using here = await world();
  const untrusted = (error: DialError) => error.kind === 'untrusted';
  await assert.rejects(here.dial({ expectedPeer: 'self::configuration-2' }), untrusted);
  await assert.rejects(here.dial({ tls: { ...clientTls(agent), ca: foreign.caPem } }), untrusted);
});

test('an agent that answers with the old extension is dialled all the same (TP-469 7.11)', async () => {
  const https = createServer(serverTls(server));
  const upgrader = new WebSocketServer({ server: https, handleProtocols: () => 'v1.usp' });
  let extension = 'bbf-usp-protocol; eid="self::configuration-1"';
  upgrader.on('headers', (headers) => headers.push(`Sec-WebSocket-Extensions: ${extension}`));
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  await using here = await world();
  const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}/usp`;
  const dialled = await here.dial({ url });
  assert.equal(dialled.peer, serverId);
  dialled.close();
  await dialled.closed;
  extension = 'permessage-deflate';
  await assert.rejects(here.dial({ url }), (error: DialError) => error.kind === 'refused');
  upgrader.close();
  await new Promise((resolve) => https.close(resolve));
});

test('nobody there is unreachable; plain ws is never dialled', async () => {
  await using here = await world();
  await assert.rejects(here.dial({ url: 'wss://127.0.0.1:1/usp' }), (error: DialError) => error.kind === 'unreachable');
  await assert.rejects(here.dial({ url: 'ws://127.0.0.1:1/usp' }), (error: DialError) => error.kind === 'refused');
});

test('an aborted dial rejects with the reason of the abort', async () => {
  await using here = await world();
  const given = new AbortController();
  const options = {
    clock: here.clock,
    log: silentLog,
    identify,
    url: here.url,
    tls: clientTls(agent),
    endpointId: agentId,
  };
  const dialling = dialWebSocket(options, given.signal);
  given.abort(new Error('no longer wanted'));
  await assert.rejects(dialling, /no longer wanted/);
});

test('a peer that answers no ping is given up (R-WS.17)', async () => {
  await using here = await world({ pingIntervalMs: 1000 });
  const socket = new WebSocket(here.url, ['v1.usp'], { ...clientTls(agent), autoPong: false });
  await new Promise((resolve) => socket.once('open', resolve));
  const taken = await here.accepted();
  taken.receive(() => {});
  const pinged = new Promise((resolve) => socket.once('ping', resolve));
  await here.clock.pass(500);
  await pinged;
  await here.clock.pass(1000);
  assert.equal((await taken.closed).code, 1006);
  socket.terminate();
});

test('a peer that answers pings is kept', async () => {
  await using here = await world({ pingIntervalMs: 1000 });
  const socket = await rawClient(here);
  const taken = await here.accepted();
  let arrived = (_: UspRecord): void => {};
  taken.receive((record) => arrived(record));
  for (let i = 0; i < 3; i++) {
    const pinged = new Promise((resolve) => socket.once('ping', resolve));
    await here.clock.pass(1000);
    await pinged;
    // The pong travels in front of this record.
    const received = new Promise((resolve) => {
      arrived = resolve;
    });
    socket.send(encodeRecord(connectRecord(agentId, serverId)));
    await received;
  }
  taken.close();
  assert.equal(await closeOf(socket), closeCode.normal);
});

test('what a slow reader leaves unread is bounded', async () => {
  await using here = await world({ maxQueuedBytes: 100_000 });
  const socket = await rawClient(here);
  const taken = await here.accepted();
  taken.receive(() => {});
  socket.pause();
  const record = new Uint8Array(50_000);
  let sent = 0;
  while (taken.send(record)) {
    sent++;
    assert.ok(sent < 10_000, 'never refuses');
  }
  socket.terminate();
  await taken.closed;
});

test('closing the server says 1001 to its peers', async () => {
  const here = await world();
  const dialled = await here.dial();
  dialled.receive(() => {});
  await here[Symbol.asyncDispose]();
  assert.equal((await dialled.closed).code, closeCode.goingAway);
});
