import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { clientTls, type Identity, openAuthority, peerIdentity, serverTls } from '@sluice/identity';
import { silentLog, systemClock, VirtualClock } from '@sluice/io';
import { closeCode, dialWebSocket, type ListenOptions, listenWebSocket, type UspConnection } from './index.ts';

const serverId = 'self::configuration-1';
let directory: string;
let server: Identity;
const agents: Identity[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mtp-'));
  const authority = await openAuthority(directory);
  server = await authority.issue({ endpointId: serverId, role: 'configuration-server', names: ['127.0.0.1'] });
  for (const name of ['a', 'b'])
    agents.push(await authority.issue({ endpointId: `self::gateway-${name}`, role: 'gateway' }));
});
after(() => rm(directory, { recursive: true }));

const identify = (socket: TLSSocket) => peerIdentity(socket)?.endpointId;

async function world(t: TestContext, options: Partial<ListenOptions>) {
  const stop = new AbortController();
  const taken: UspConnection[] = [];
  const own = { ...{ host: '127.0.0.1', port: 0, path: '/usp', endpointId: serverId }, tls: serverTls(server) };
  const around = { identify, log: silentLog, clock: systemClock };
  const listening = await listenWebSocket(
    { ...around, ...own, onConnection: (connection) => taken.push(connection), ...options },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await listening.closed;
  });
  const url = `wss://127.0.0.1:${listening.port}/usp`;
  const dial = (agent: Identity) =>
    dialWebSocket(
      { ...around, url, tls: clientTls(agent), endpointId: agent.endpointId, expectedPeer: serverId },
      stop.signal,
    );
  return { port: listening.port, dial, taken };
}

async function silent(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
    .on('error', () => {})
    .resume();
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('connections that say nothing keep no gateway out, however few may be connected', async (t) => {
  const { port, dial, taken } = await world(t, { maxConnections: 1, room: { unproven: 20 } });
  const quiet: Socket[] = [];
  for (let i = 0; i < 50; i++) quiet.push(await silent(t, port));
  const [one = assert.fail()] = agents;
  const gateway = await dial(one);
  assert.equal(gateway.peer, serverId);
  await Promise.all(
    quiet.slice(0, 30).map((socket) => socket.destroyed || new Promise((resolve) => socket.once('close', resolve))),
  );
  for (let i = 0; i < 30; i++) await silent(t, port);
  assert.ok(gateway.send(Uint8Array.of(0)), 'a flood that comes later does not end it');
  assert.equal(taken.length, 1);
});

test('the last place is kept for the peer that has it', async (t) => {
  const { dial, taken } = await world(t, { maxConnections: 1 });
  const [one = assert.fail(), other = assert.fail()] = agents;
  await dial(one);
  await assert.rejects(dial(other), /503/);
  await dial(one);
  assert.deepEqual(
    taken.map(({ peer }) => peer),
    [one.endpointId, one.endpointId],
  );
});

test('whoever connects again and again has one connection, and one that leaves', async (t) => {
  const { dial, taken } = await world(t, { clock: new VirtualClock() });
  const [one = assert.fail()] = agents;
  for (let i = 0; i < 4; i++) await dial(one);
  const ended = await Promise.all(taken.slice(0, 2).map(({ closed }) => closed));
  assert.deepEqual(
    ended.map(({ code }) => code),
    [closeCode.policy, closeCode.policy],
  );
  const open = await Promise.race([...taken.slice(2).map(({ closed }) => closed), 'open']);
  assert.equal(open, 'open');
});
