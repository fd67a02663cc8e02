import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type StartAnswer, statusOf } from '@sluice/api';
import { peerIdentity, serverTls } from '@sluice/identity';
import { PartsBeside, serveHttps } from '@sluice/io';
import { type Refusal, refuse } from '@sluice/model';
import Fastify from 'fastify';
import { deploy, filmRequest } from './deployment.ts';
import { homeGateway } from './home-gateway.ts';

const key = Buffer.alloc(28, 7).toString('base64');
const keys = { video: { suite: 'AEAD_AES_128_GCM', server: key, appliance: key } } as const;
const start = {
  by: 'configuration-server',
  mediaServer: 'beside',
  firstSpeaker: { video: 'appliance' },
  srtp: ['AEAD_AES_128_GCM'],
};

/** A configuration server with a connected home, and a media server beside it that writes down what it is told. */
async function system(t: TestContext, mediaServers = ['beside'], policy: object = {}) {
  const beside = new PartsBeside();
  const deployment = await deploy({ mediaServers }, { beside });
  t.after(() => deployment[Symbol.asyncDispose]());
  const home = await homeGateway(deployment, { policy });
  t.after(() => home[Symbol.asyncDispose]());
  await home.connect();
  const told: { by: string | undefined; held: number; body: Record<string, unknown> }[] = [];
  const media: { refusal?: Refusal } = {};
  const app = Fastify();
  app.post('/v1/starts', (request, reply) => {
    const body = request.body as { sessionId: string };
    told.push({ by: peerIdentity(request.raw.socket as TLSSocket)?.endpointId, held: home.held().length, body });
    if (media.refusal) return reply.code(statusOf(media.refusal.code)).send(media.refusal);
    const answer: StartAnswer = { sessionId: body.sessionId, state: 'sending', streams: [], keys };
    return reply.send(answer);
  });
  await app.ready();
  t.after(() => app.close());
  const tls = serverTls(await deployment.issue('self::media-1', 'media-server'));
  const serving = await serveHttps(app.routing, { hosts: ['127.0.0.1'], port: 0, tls });
  t.after(() => serving[Symbol.asyncDispose]());
  beside.open('media-server', serving.door);
  const ask = (more: object) =>
    deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ ...more } as Record<string, unknown>));
  return { deployment, home, told, media, ask };
}

test('the configuration server tells the media server to start, once every opening holds, and hands on its answer', async (t) => {
  const { deployment, home, told, ask } = await system(t);
  const { status, body } = await ask({ start });
  assert.equal(status, 201, JSON.stringify(body));
  const { sessionId, openings, started } = body as unknown as {
    sessionId: string;
    openings: { streamId: string; global: object }[];
    started: StartAnswer;
  };
  assert.deepEqual(started.keys, keys);
  assert.equal(told.length, 1);
  const [{ by, held, body: asked } = assert.fail()] = told;
  assert.deepEqual([by, held], ['self::configuration-1', 5]);
  assert.deepEqual(asked, {
    ...{ sessionId, contentId: 'film', portalId: 'self::portal-1' },
    streams: openings.map(({ streamId, global }) => ({ id: streamId, to: global })),
    ...{ firstSpeaker: start.firstSpeaker, srtp: start.srtp },
  });
  // Asked again: the same session, and the media server is asked for the same, which changes nothing there.
  assert.equal((await ask({ start })).body.sessionId, sessionId);
  assert.deepEqual(told[1]?.body, asked);
  assert.equal(home.held().length, 5);
  // Nobody else is shown the keys.
  const seen = await deployment.ask('operator', 'GET', `/v1/sessions/${sessionId}`);
  assert.equal(JSON.stringify(seen.body).includes(key), false);
  assert.equal('started' in seen.body, false);
});

test('a request that does not say so starts nothing: the portal does', async (t) => {
  const { told, ask } = await system(t);
  const { status, body } = await ask({});
  assert.deepEqual([status, 'started' in body, told.length], [201, false, 0]);
});

test('a media server that does not start: the home is closed again', async (t) => {
  for (const [code, expected] of [
    ['quota-exceeded', 'media-not-started'],
    ['protection-missing', 'protection-missing'],
  ] as const) {
    const { home, media, ask } = await system(t);
    media.refusal = refuse(code, 'not now');
    const { status, body } = await ask({ start });
    assert.ok(status >= 400);
    assert.equal(body.code, expected);
    assert.match(body.message ?? '', /the home was closed again: not now/);
    assert.deepEqual(home.held(), []);
    // Asked again it is over, and nothing is started.
    media.refusal = undefined as never;
    const again = await ask({ start });
    assert.notEqual(again.body.state, 'open');
    assert.deepEqual(home.held(), []);
  }
});

test('a media server that is not named here is told nothing, and no home is opened for it', async (t) => {
  const { home, told, ask } = await system(t, []);
  const { status, body } = await ask({ start: { ...start, mediaServer: 'https://127.0.0.1:1' } });
  assert.deepEqual([status, body.code], [403, 'not-permitted']);
  assert.deepEqual([home.held(), told], [[], []]);
});

test('the gateway is to tell: its household permits it, or the home stays closed; and the id is told nobody else', async (t) => {
  const startId = 'an-id-that-nobody-can-guess';
  const order = { by: 'gateway', mediaServer: { address: '203.0.113.10', port: 8446 }, startId };
  const closed = await system(t);
  const refused = await closed.ask({ start: order });
  assert.equal(refused.body.code, 'gateway-refused', JSON.stringify(refused.body));
  assert.match(refused.body.message ?? '', /its policy may permit it \(mediaStarts\)/);
  assert.deepEqual(closed.home.held(), []);

  const open = await system(t, [], { mediaStarts: 'permitted' });
  const { status, body } = await open.ask({ start: order });
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(open.home.held().length, 5);
  const seen = await open.deployment.ask('operator', 'GET', `/v1/sessions/${body.sessionId}`);
  for (const shown of [body, seen.body]) assert.equal(JSON.stringify(shown).includes(startId), false);
  assert.deepEqual(open.told, [], 'the configuration server tells nobody');
});
