import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { problem } from '@sluice/api';
import { type TestMediaServer, testMediaServer } from './test/deployment.ts';
import { Viewer } from './test/viewer.ts';

let media: TestMediaServer;
before(async () => {
  media = await testMediaServer();
});
after(() => media[Symbol.asyncDispose]());

const start = { sessionId: 's', contentId: 'film', streams: [{ id: 'video', to: { address: '127.0.0.1', port: 9 } }] };

test('portals, configuration servers and operators may ask, nobody else', async () => {
  for (const role of ['portal', 'configuration-server', 'operator'] as const) {
    assert.equal((await media.ask('GET', '/v1/contents', undefined, await media.identityOf(role))).status, 200, role);
  }
  for (const role of ['appliance', 'gateway', 'media-server'] as const) {
    const identity = await media.identityOf(role);
    for (const [method, path, body] of [
      ['GET', '/v1/contents', undefined],
      ['POST', '/v1/starts', start],
      ['DELETE', '/v1/starts/s', undefined],
    ] as const) {
      const reply = await media.ask(method, path, body, identity);
      assert.equal(reply.status, 403, `${role} ${method} ${path}`);
      assert.equal(problem.parse(reply.json()).code, 'not-permitted');
    }
    assert.equal((await media.ask('GET', '/healthz', undefined, identity)).status, 200);
  }
});

test('a portal looks at and stops what it started itself alone; a configuration server and an operator, everything', async () => {
  await using viewer = await Viewer.open(await media.content('film'));
  const begun = { sessionId: 'own', contentId: 'film', streams: viewer.streams };
  await media.start(begun);
  const other = await media.identityOf('portal', 'self::portal-2');
  for (const method of ['GET', 'DELETE']) {
    const reply = await media.ask(method, '/v1/starts/own', undefined, other);
    assert.deepEqual([reply.status, problem.parse(reply.json()).code], [404, 'session-unknown'], method);
  }
  for (const sessionId of ['own', 'instead']) {
    const reply = await media.ask('POST', '/v1/starts', { ...begun, sessionId }, other);
    assert.deepEqual([reply.status, problem.parse(reply.json()).code], [409, 'request-conflict'], sessionId);
  }
  assert.equal((await media.look('own')).state, 'sending');
  for (const role of ['configuration-server', 'operator'] as const) {
    const identity = await media.identityOf(role);
    assert.equal((await media.ask('GET', '/v1/starts/own', undefined, identity)).status, 200, role);
    assert.equal((await media.ask('DELETE', '/v1/starts/own', undefined, identity)).status, 200, role);
  }
  assert.equal((await media.look('own')).state, 'stopped');
});

test('who shows no certificate, or one of another deployment, is not spoken to', async () => {
  await using stranger = await testMediaServer();
  const foreign = { ...stranger.portal, caPem: media.portal.caPem };
  await assert.rejects(media.ask('GET', '/healthz', undefined, foreign));
  await assert.rejects(media.ask('GET', '/healthz', undefined, { ...media.portal, certPem: '', keyPem: '' }));
  assert.equal((await media.ask('GET', '/healthz')).status, 200);
});

test('bad input gets a problem that says what is wrong', async () => {
  const to = { address: '127.0.0.1', port: 9 };
  const cases: readonly [string, number, string, string, unknown][] = [
    ['unknown content', 404, 'content-unknown', '/v1/starts', { ...start, contentId: 'nothing' }],
    ['port 0', 400, 'malformed', '/v1/starts', { ...start, streams: [{ id: 'video', to: { ...to, port: 0 } }] }],
    [
      'no address',
      400,
      'malformed',
      '/v1/starts',
      { ...start, streams: [{ id: 'video', to: { ...to, address: 'x' } }] },
    ],
    ['no streams', 400, 'malformed', '/v1/starts', { ...start, streams: [] }],
    ['unknown stream', 400, 'malformed', '/v1/starts', { ...start, streams: [{ id: 'smell', to }] }],
    ['no JSON', 400, 'malformed', '/v1/starts', '{"sessionId":'],
    ['no body', 400, 'malformed', '/v1/starts', undefined],
    ['a large body', 413, 'too-large', '/v1/starts', { ...start, sessionId: 'x'.repeat(100_000) }],
    ['no such path', 404, 'malformed', '/v1/nothing', {}],
  ];
  for (const [name, status, code, path, body] of cases) {
    const reply = await media.ask('POST', path, body);
    assert.deepEqual([reply.status, problem.parse(reply.json()).code], [status, code], name);
  }
  for (const [path, code] of [
    ['/v1/contents?family=5', 'malformed'],
    ['/v1/contents/nothing/poster', 'content-unknown'],
    ['/v1/starts/nothing', 'session-unknown'],
  ]) {
    const reply = await media.ask('GET', path ?? '');
    assert.ok(reply.status >= 400);
    assert.equal(problem.parse(reply.json()).code, code);
  }
  const refused = await media.ask('POST', '/v1/starts', {
    ...start,
    streams: [{ id: 'subtitles', to: { address: '127.0.0.1', port: 9 } }],
  });
  assert.deepEqual([refused.status, problem.parse(refused.json()).code], [503, 'media-not-started']);
});

test('what a configuration server starts for a portal is as if the portal had, who may ask for it again', async () => {
  const server = await media.identityOf('configuration-server');
  const film = await media.content('film');
  await using viewer = await Viewer.open(film);
  const request = { sessionId: 'for-portal', contentId: 'film', streams: viewer.streams, firstSpeaker: {} };
  const first = await media.ask('POST', '/v1/starts', { ...request, portalId: media.portal.endpointId }, server);
  assert.equal(first.status, 200);
  // Started twice, by whomever: it is sent once.
  const again = await media.ask('POST', '/v1/starts', request);
  assert.equal(again.status, 200);
  await viewer.until(() => viewer.reception('video').received > 5);
  assert.equal(viewer.reception('video').foreign, 0);
  assert.equal((await media.look('for-portal')).state, 'sending');
  // A portal speaks for itself alone.
  const other = await media.identityOf('portal', 'self::portal-2');
  const stolen = { ...request, portalId: media.portal.endpointId };
  assert.equal((await media.ask('POST', '/v1/starts', stolen, other)).status, 409);
  assert.equal((await media.ask('DELETE', '/v1/starts/for-portal', undefined, other)).status, 404);
  assert.equal((await media.stop('for-portal')).state, 'stopped');
});
