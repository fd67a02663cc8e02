import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '@sluice/io';
import { loopback } from '../test/loopback.ts';
import { askDaemon } from './client.ts';
import { daemonConfig } from './config.ts';
import { runDaemon } from './main.ts';
import type { SessionEvent } from './program-session.ts';

/** Any program: it opens its own ports, and counts what comes. */
async function program(t: TestContext) {
  const counts: Record<string, number> = {};
  const localPorts: Record<string, number> = {};
  for (const id of ['video', 'video-rtcp', 'audio', 'audio-rtcp']) {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', () => {
      counts[id] = (counts[id] ?? 0) + 1;
    });
    localPorts[id] = socket.address().port;
    t.after(() => socket.close());
  }
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  localPorts.subtitles = (server.address() as AddressInfo).port;
  t.after(() => server.close());
  return { counts, localPorts };
}

/** One exchange over the Unix socket. */
function exchange(socketPath: string, method: string, path: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, method, path, agent: false }, async (answer) => {
      let body = '';
      for await (const part of answer) body += String(part);
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(body) });
    });
    asking.once('error', reject);
    asking.end();
  });
}

async function until(isMet: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isMet()) {
    assert.ok(Date.now() < deadline, `too late: ${isMet}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('programs ask through the daemon, with ports of their own', async (t) => {
  const { directory, origin, sessions } = await loopback(t, { filmSeconds: 60 });
  const socket = join(directory, 'appliance.sock');
  const config = { identity: join(directory, 'appliance'), portal: origin, socket };
  const daemon = await runDaemon(daemonConfig.parse(config), silentLog, new AbortController().signal);
  t.after(() => daemon[Symbol.asyncDispose]());
  const { localPorts, counts } = await program(t);
  const ask = (ports = localPorts, signal = t.signal) =>
    askDaemon(socket, { contentId: 'film', localPorts: ports, firstSpeaker: {} }, signal);
  const opened = async (asking: ReturnType<typeof ask>) => {
    const { value } = await asking.next();
    const event = value as SessionEvent;
    assert.equal(event.event, 'open', JSON.stringify(event));
    return event.event === 'open' ? event.session : assert.fail();
  };
  const stateOf = (sessionId: string) => sessions.get(sessionId)?.closeReason;

  assert.equal(statSync(socket).mode & 0o777, 0o660);

  await t.test('the content comes to the program, and its end is the end of the session', async () => {
    const asking = ask();
    const session = await opened(asking);
    assert.equal(session.streams.length, 5);
    assert.equal(session.streams[0]?.local.port, localPorts.video);
    await until(() => (counts.video ?? 0) > 10 && (counts.audio ?? 0) > 10);
    assert.equal(stateOf(session.sessionId), undefined);
    await asking.return(undefined);
    await until(() => stateOf(session.sessionId) === 'appliance-left');
  });

  await t.test('two programs at once; one leaves with a word, and is told', async () => {
    const other = await program(t);
    const [one, two] = [ask(), ask(other.localPorts)];
    const [first, second] = [await opened(one), await opened(two)];
    const list = (await exchange(socket, 'GET', '/v1/sessions')).body as { sessions: { sessionId: string }[] };
    assert.deepEqual(
      list.sessions.map(({ sessionId }) => sessionId),
      [first.sessionId, second.sessionId],
    );
    assert.ok(!JSON.stringify(list).includes('keys'));
    assert.equal((await exchange(socket, 'DELETE', `/v1/sessions/${first.sessionId}`)).status, 200);
    assert.deepEqual((await one.next()).value, { event: 'closed', reason: 'appliance-left' });
    assert.equal((await one.next()).done, true);
    assert.equal(stateOf(second.sessionId), undefined);
    await two.return(undefined);
    await until(() => stateOf(second.sessionId) !== undefined);
    assert.equal((await exchange(socket, 'DELETE', `/v1/sessions/${first.sessionId}`)).status, 404);
  });

  await t.test('a port that no program has open is not opened to', async () => {
    const before = sessions.size;
    const closed = createSocket('udp4').bind(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address();
    closed.close();
    await once(closed, 'close');
    const refusalOf = async (ports: Record<string, number>) => {
      const { value } = await ask(ports).next();
      return value && 'code' in value ? [value.code, value.subject] : value;
    };
    assert.deepEqual(await refusalOf({ ...localPorts, audio: port }), ['port-invalid', 'audio']);
    const { audio: _, ...without } = localPorts;
    assert.deepEqual(await refusalOf(without), ['port-invalid', 'audio']);
    assert.deepEqual(await refusalOf({ ...localPorts, subtitles: localPorts.video ?? 0 }), [
      'port-invalid',
      'subtitles',
    ]);
    assert.equal(sessions.size, before);
  });

  await t.test('a program that dies while it waits leaves nothing', async () => {
    const dying = new AbortController();
    const asking = ask(localPorts, dying.signal);
    const before = sessions.size;
    const next = asking.next().catch(() => {});
    setImmediate(() => dying.abort());
    await next;
    const contents = await exchange(socket, 'GET', '/v1/contents');
    assert.equal(contents.status, 200);
    await until(() => [...sessions.values()].slice(before).every(({ state }) => state === 'closed'));
  });

  await t.test('what is no request is said', async () => {
    const { value } = await askDaemon(socket, { contentId: '', localPorts: {}, firstSpeaker: {} }, t.signal).next();
    assert.equal(value && 'code' in value && value.code, 'malformed');
    assert.equal((await exchange(socket, 'GET', '/v2')).status, 404);
  });

  await t.test('the end of the daemon is the end of them all', async () => {
    const asking = ask();
    const session = await opened(asking);
    await daemon[Symbol.asyncDispose]();
    assert.equal(stateOf(session.sessionId), 'appliance-left');
    assert.deepEqual((await asking.next()).value, { event: 'closed', reason: 'appliance-left' });
  });
});
