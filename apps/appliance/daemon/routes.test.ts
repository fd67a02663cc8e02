import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Content } from '@sluice/api';
import { VirtualClock } from '@sluice/io';
import { Grants } from '../browser/origins.ts';
import { peerUser } from '../io/peer-user.ts';
import type { DeviceSocket } from '../io/socket-table.ts';
import { FakePortal } from '../test/fake-portal.ts';
import { ProgramSessions } from './program-sessions.ts';
import { daemonRoutes } from './routes.ts';

const radio: Content = {
  contentId: 'radio',
  title: 'Radio',
  kind: 'radio',
  description: '',
  streams: [{ id: 'audio', streamType: 'rtp', remote: { address: '203.0.113.10', port: 7000 }, payloadType: 96 }],
};
const signal = new AbortController().signal;
const held = (uid: number): DeviceSocket => ({
  transport: 'udp',
  local: { address: '0.0.0.0', port: 5000 },
  remote: { address: '0.0.0.0', port: 0 },
  state: 'bound',
  uid,
});

/** A daemon's sessions on a device where user 1000 has port 5000. */
function daemon() {
  const portal = new FakePortal(radio);
  const sessions = new ProgramSessions({ portal, clock: new VirtualClock(), sockets: () => [held(1000)] });
  const ask = { contentId: 'radio', localPorts: { audio: 5000 }, firstSpeaker: {} };
  return { portal, sessions, open: (uid: number | undefined) => sessions.open(ask, uid, signal) };
}

test("a user's ports and sessions are that user's", async () => {
  const { portal, sessions, open } = daemon();
  const refused = await open(33);
  assert.equal(refused.kind === 'refused' && refused.refusal.code, 'port-invalid');
  assert.deepEqual(portal.said, []);
  assert.equal((await open(1000)).kind, 'granted');
  assert.deepEqual(
    [1000, 33, 0, undefined].map((uid) => sessions.of(uid).length),
    [1, 0, 1, 1],
  );
});

test('root, and whoever cannot be told apart, may name any port that is open', async () => {
  for (const uid of [0, undefined]) assert.equal((await daemon().open(uid)).kind, 'granted');
});

test('it is said that another program receives, and no more is asked for than one device has use for', async () => {
  const { portal, sessions, open } = daemon();
  const { request } = portal;
  let asked = 0;
  portal.request = async (...args) => {
    const answer = await request.apply(portal, args);
    return answer.kind === 'refused' ? answer : { ...answer, value: { ...answer.value, sessionId: `s${++asked}` } };
  };
  const answers = await Promise.all(Array.from({ length: 65 }, () => open(1000)));
  assert.deepEqual(
    answers.flatMap((answer) => (answer.kind === 'refused' ? answer.refusal.code : [])),
    ['quota-exceeded'],
  );
  assert.equal(sessions.of(1000).length, 64);
  assert.equal(portal.bodies[0]?.receiver, 'program');
  assert.deepEqual(portal.bodies[0]?.localAddresses, ['127.0.0.1']);
  await sessions.of(1000)[0]?.leave();
  assert.equal((await open(1000)).kind, 'granted');
});

test("who may ask is not who decides about websites: root and the daemon's own user do", async (t) => {
  const { portal, sessions } = daemon();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-websites-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const grants = await Grants.open(join(directory, 'grants.json'), new VirtualClock());
  const ended: string[] = [];
  const plays = { endOf: async (origin: string) => void ended.push(origin) };
  let uid: number | undefined;
  const app = daemonRoutes({ portal, sessions, userOf: () => uid, websites: { grants, plays, owner: 999 } }, signal);
  t.after(() => app.close());
  const origin = 'https://films.example';
  const post = (url: string) => app.inject({ method: 'POST', url, payload: { origin } });
  for (uid of [1000, undefined]) {
    const answers = [await post('/v1/websites'), await post('/v1/websites/forget'), await app.inject('/v1/websites')];
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [403, 403, 403],
    );
  }
  assert.deepEqual([grants.has(origin), ended], [false, []]);
  uid = 0;
  assert.equal((await post('/v1/websites')).statusCode, 200);
  assert.ok(grants.has(origin));
  uid = 999;
  assert.equal((await post('/v1/websites/forget')).statusCode, 200);
  assert.deepEqual([grants.has(origin), ended], [false, [origin]]);
});

test('the kernel says whose program is at the other end of a Unix socket', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-peer-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const server = createServer().listen(join(directory, 's'));
  await once(server, 'listening');
  const client = connect(join(directory, 's'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    accepted.destroy();
    server.close();
  });
  assert.equal(peerUser(accepted), process.getuid?.());
  accepted.destroy();
  assert.equal(peerUser(accepted), undefined);
});
