import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { problem, startAnswer } from '@sluice/api';
import { srtpSuites } from '@sluice/wire/srtp';
import { type TestMediaServer, testMediaServer } from './test/deployment.ts';
import { Viewer } from './test/viewer.ts';

let media: TestMediaServer;
before(async () => {
  media = await testMediaServer();
});
after(() => media[Symbol.asyncDispose]());

let starts = 0;
/** A viewer, the portal's order for it, and what its gateway would tell. */
async function ordered(contentId = 'film', srtp: readonly string[] = []) {
  const film = await media.content(contentId);
  const viewer = await Viewer.open(film);
  const startId = `start-number-${++starts}-of-these`;
  const streams = viewer.streams.map(({ id }) => id);
  const order = { startId, contentId, streams, observed: '127.0.0.1', firstSpeaker: {}, srtp };
  const openings = viewer.streams.map(({ id, to }) => {
    const remote = film.streams.find((stream) => stream.id === id)?.remote ?? assert.fail();
    return { remote, to };
  });
  const gateway = await media.identityOf('gateway');
  const tell = (what: object = { openings }) => media.ask('POST', `/v1/awaited-starts/${startId}`, what, gateway);
  return { viewer, startId, order, openings, tell };
}

const codeOf = (reply: { json(): unknown }) => problem.parse(reply.json()).code;

test('a gateway tells that what was ordered is open, and the film is sent, once', async () => {
  const { viewer, startId, order, tell } = await ordered();
  await using _ = viewer;
  const asking = media.ask('POST', '/v1/awaited-starts', order);
  const told = await tell();
  assert.equal(told.status, 200, told.body.toString());
  const answer = startAnswer.parse((await asking).json());
  assert.equal(answer.sessionId, startId);
  await viewer.until(() => viewer.reception('video').received > 5);
  assert.equal((await media.look(startId)).state, 'sending');
  assert.equal((await media.stop(startId)).state, 'stopped');
  assert.equal(viewer.reception('video').foreign, 0);
});

test("the keys are the portal's to hand on: the gateway does not see them, and who asks again gets the same", async () => {
  const { viewer, startId, order, tell } = await ordered('radio', srtpSuites);
  await using _ = viewer;
  const asking = media.ask('POST', '/v1/awaited-starts', order);
  assert.deepEqual((await tell()).json(), { state: 'sending' });
  const answer = startAnswer.parse((await asking).json());
  assert.ok(answer.keys?.audio);
  const again = startAnswer.parse((await media.ask('POST', '/v1/awaited-starts', order)).json());
  assert.deepEqual(again.keys, answer.keys);
  const other = await media.identityOf('portal', 'self::portal-2');
  assert.equal((await media.ask('POST', `/v1/awaited-starts/${startId}`, {}, other)).status, 400);
  assert.equal((await media.ask('DELETE', `/v1/starts/${startId}`, undefined, other)).status, 404);
  await media.stop(startId);
});

test('a gateway that is faster than the portal is heard', async () => {
  const { viewer, startId, order, tell } = await ordered();
  await using _ = viewer;
  const telling = tell();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const answer = await media.ask('POST', '/v1/awaited-starts', order);
  assert.deepEqual([answer.status, (await telling).status], [200, 200]);
  await media.stop(startId);
});

test('what nobody ordered, or goes elsewhere, or lacks a stream, is not sent', async () => {
  const cases: readonly (readonly [code: string, change: (openings: Held) => Held])[] = [
    ['path-mismatch', (held) => held.map(({ remote, to }) => ({ remote, to: { ...to, address: '127.0.0.2' } }))],
    ['media-not-started', (held) => held.slice(1)],
    ['malformed', (held) => held.map(({ to }) => ({ remote: { address: '127.0.0.1', port: 1 }, to }))],
  ];
  for (const [code, change] of cases) {
    const { viewer, startId, order, openings, tell } = await ordered();
    await using _ = viewer;
    const asking = media.ask('POST', '/v1/awaited-starts', order);
    assert.equal(codeOf(await tell({ openings: change(openings) })), code);
    assert.equal(codeOf(await asking), code);
    assert.equal((await media.ask('GET', `/v1/starts/${startId}`)).status, 404);
  }
  const { viewer, tell } = await ordered();
  await using _ = viewer;
  assert.equal(codeOf(await tell()), 'session-unknown');
});

test('a gateway may tell, and nothing else', async () => {
  const gateway = await media.identityOf('gateway');
  for (const [method, path] of [
    ['POST', '/v1/awaited-starts'],
    ['POST', '/v1/starts'],
    ['POST', '/v1/probes'],
    ['GET', '/v1/contents'],
    ['GET', '/v1/starts/s'],
    ['DELETE', '/v1/starts/s'],
  ] as const) {
    const reply = await media.ask(method, path, method === 'POST' ? {} : undefined, gateway);
    assert.deepEqual([reply.status, codeOf(reply)], [403, 'not-permitted'], `${method} ${path}`);
  }
});

type Held = { remote: { address: string; port: number }; to: { address: string; port: number } }[];
