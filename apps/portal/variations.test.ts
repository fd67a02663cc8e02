import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { clientTls, openAuthority } from '@sluice/identity';
import { httpsPeer } from '@sluice/io';
import { refuse } from '@sluice/model';
import { portalConfig } from './config.ts';
import { film, hold } from './test/fake-parts.ts';
import { world } from './test/world.ts';

const here = new AbortController().signal;
const localPorts = { film: { video: 5004, 'video-rtcp': 5005, subtitles: 5100 } };

/** A device without a certificate, from the address of this family. */
function unnamed(t: TestContext, caPem: string, port: number) {
  const tls = { ca: caPem, minVersion: 'TLSv1.3' } as const;
  const peer = httpsPeer({ origin: `https://127.0.0.1:${port}`, tls, accepts: () => true });
  t.after(() => peer[Symbol.asyncDispose]());
  return peer;
}

const bodyOf = ({ body }: { body: Buffer }) => JSON.parse(body.toString());

test("a request without local ports: the content's kind fixes them, and a port that is named goes before", async (t) => {
  const { tv, configuration, media } = await world(t, {}, { localPorts });
  const shown = bodyOf(await tv.ask('GET', '/v1/contents/film', undefined, here));
  assert.deepEqual(
    shown.streams.map(({ id, localPort }: { id: string; localPort: number }) => [id, localPort]),
    Object.entries(localPorts.film),
  );
  const request = { requestId: 'r-1', contentId: 'film' };
  const { status } = await tv.ask('POST', '/v1/requests', request, here);
  assert.equal(status, 200);
  const asked = (at: number) => configuration.requests[at]?.streams.map(({ id, localPort }) => [id, localPort]);
  assert.deepEqual(asked(0), Object.entries(localPorts.film));
  assert.deepEqual(Object.keys(configuration.requests[0]?.streams[0] ?? {}).sort(), [
    ...['id', 'localPort', 'payloadType', 'remote', 'streamType'],
  ]);
  await tv.ask('POST', '/v1/requests', { ...request, requestId: 'r-2', localPorts: { video: 6000 } }, here);
  assert.deepEqual(asked(1), [['video', 6000], ...Object.entries(localPorts.film).slice(1)]);
  // Of a kind that has no fixed ports each must be named.
  media.shown = [{ ...film, contentId: 'radio', kind: 'radio' }];
  const other = await tv.ask('POST', '/v1/requests', { requestId: 'r-3', contentId: 'radio' }, here);
  assert.deepEqual([other.status, bodyOf(other).code], [400, 'port-invalid']);
});

test('selection and request are one message, or two', async (t) => {
  const { tv, media, said } = await world(t, {}, { localPorts });
  // One: the device has never asked what there is.
  const one = await tv.ask('POST', '/v1/requests', { requestId: 'one', contentId: 'film' }, here);
  assert.equal(one.status, 200, one.body.toString());
  assert.deepEqual(
    bodyOf(one).streams.map(({ id, local }: { id: string; local: { port: number } }) => [id, local.port]),
    Object.entries(localPorts.film),
  );
  // Two: it looks first, and names ports of its own.
  const content = bodyOf(await tv.ask('GET', '/v1/contents/film', undefined, here));
  const own = Object.fromEntries(content.streams.map(({ id }: { id: string }, at: number) => [id, 7000 + at]));
  const two = await tv.ask('POST', '/v1/requests', { requestId: 'two', contentId: 'film', localPorts: own }, here);
  assert.equal(two.status, 200);
  assert.deepEqual(said, ['open one', 'start s1', 'open two', 'start s2']);
  assert.equal(media.starts.length, 2);
});

test('a device without an id is known by where it asks from, where that is permitted', async (t) => {
  const open = await world(t, {}, { localPorts, unnamedAppliances: 'permitted' });
  const device = unnamed(t, open.authority.caPem, open.portal.port);
  const answer = await device.ask('POST', '/v1/requests', { requestId: 'r', contentId: 'film' }, here);
  assert.equal(answer.status, 200, answer.body.toString());
  const [asked] = open.configuration.requests;
  assert.equal(asked?.applianceId, 'device:127.0.0.1');
  assert.deepEqual(asked?.localAddresses, []);
  const { sessionId } = bodyOf(answer);
  assert.equal(bodyOf(await device.ask('GET', `/v1/requests/${sessionId}`, undefined, here)).state, 'open');
  // What another asked for is not its own, and its is nobody else's.
  const theirs = bodyOf(await open.tv.ask('POST', '/v1/requests', { requestId: 't', contentId: 'film' }, here));
  assert.equal((await device.ask('GET', `/v1/requests/${theirs.sessionId}`, undefined, here)).status, 404);
  assert.equal((await open.tv.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).status, 404);
  assert.equal(bodyOf(await device.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).state, 'closed');
  // It has no say in what the configuration server asks appliances.
  assert.equal((await device.ask('GET', '/v1/link', undefined, here)).status, 403);

  const shut = await world(t, {}, { localPorts });
  const refused = await unnamed(t, shut.authority.caPem, shut.portal.port).ask('GET', '/v1/contents', undefined, here);
  assert.deepEqual([refused.status, bodyOf(refused).code], [403, 'not-permitted']);
});

test('a certificate that does not count makes no unnamed device', async (t) => {
  const { authority, portal, configuration } = await world(t, {}, { localPorts, unnamedAppliances: 'permitted' });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-portal-other-'));
  t.after(() => rm(directory, { recursive: true }));
  const other = await openAuthority(directory);
  const stranger = await other.issue({ endpointId: 'self::appliance', role: 'appliance' });
  const tls = { ...clientTls(stranger), ca: authority.caPem };
  await using peer = httpsPeer({ origin: `https://127.0.0.1:${portal.port}`, tls, accepts: () => true });
  const answer = await peer.ask('POST', '/v1/requests', { requestId: 'r', contentId: 'film' }, here);
  assert.equal(answer.status, 403);
  assert.deepEqual(configuration.requests, []);
});

test('a device with a leg on a network of the servers is sent to directly, and nothing is opened', async (t) => {
  const { tv, said, media } = await world(t, { directSeconds: 3600 }, { localPorts, direct: ['127.0.0.0/8'] });
  const request = { requestId: 'r', contentId: 'film', localAddresses: ['192.168.1.2', '127.0.0.1'] };
  const answer = await tv.ask('POST', '/v1/requests', request, here);
  assert.equal(answer.status, 200, answer.body.toString());
  const { sessionId, streams, until } = bodyOf(answer);
  assert.ok(until > Date.now() + 3_500_000 && until <= Date.now() + 3_600_000);
  assert.deepEqual(
    media.starts[0]?.streams,
    Object.entries(localPorts.film).map(([id, port]) => ({ id, to: { address: '127.0.0.1', port } })),
  );
  assert.ok(streams.every(({ global, local }: Record<string, unknown>) => isDeepStrictEqual(global, local)));
  assert.equal(bodyOf(await tv.ask('POST', '/v1/requests', request, here)).sessionId, sessionId, 'again: the same');
  assert.equal(bodyOf(await tv.ask('GET', `/v1/requests/${sessionId}`, undefined, here)).state, 'open');
  assert.equal(bodyOf(await tv.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).state, 'closed');
  const after = bodyOf(await tv.ask('GET', `/v1/requests/${sessionId}`, undefined, here));
  assert.deepEqual([after.state, after.closeReason], ['closed', 'appliance-left']);
  assert.deepEqual(said, [`start ${sessionId}`, `stop ${sessionId}`], 'the configuration server was not asked');
});

test('who is not seen at an address of its own, or is on another network, goes the usual way', async (t) => {
  const { tv, said } = await world(t, {}, { localPorts, direct: ['127.0.0.0/8'] });
  await tv.ask('POST', '/v1/requests', { requestId: 'a', contentId: 'film', localAddresses: ['192.168.1.2'] }, here);
  const elsewhere = await world(t, {}, { localPorts, direct: ['10.0.0.0/8'] });
  const request = { requestId: 'b', contentId: 'film', localAddresses: ['127.0.0.1'] };
  await elsewhere.tv.ask('POST', '/v1/requests', request, here);
  assert.deepEqual([...said, ...elsewhere.said], ['open a', 'start s1', 'open b', 'start s1']);
});

test('the portal tells the media server to start, or has the configuration server do it; never both', async (t) => {
  const request = { requestId: 'r', contentId: 'film', firstSpeaker: { video: 'appliance' } };
  const itself = await world(t, {}, { localPorts });
  assert.equal((await itself.tv.ask('POST', '/v1/requests', request, here)).status, 200);
  assert.deepEqual(itself.said, ['open r', 'start s1']);
  assert.equal(itself.configuration.requests[0]?.start, undefined);

  const other = await world(t, {}, { localPorts, start: 'configuration-server' });
  const answer = await other.tv.ask('POST', '/v1/requests', request, here);
  assert.equal(answer.status, 200, answer.body.toString());
  assert.deepEqual(other.said, ['open r', 'tell s1']);
  const { start } = other.configuration.requests[0] ?? {};
  assert.ok(start?.by === 'configuration-server');
  assert.match(start.mediaServer, /^https:\/\/127\.0\.0\.1:/);
  assert.deepEqual(start.firstSpeaker, request.firstSpeaker);
  const { sessionId, streams } = bodyOf(answer);
  assert.equal(streams[0].clearBecause, 'told');
  // It ends as any other: the home first, then the media server.
  assert.equal((await other.tv.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).status, 200);
  assert.deepEqual(other.said.slice(2), ['close s1 appliance-left', 'stop s1']);
});

test('whoever is to be told by the configuration server and goes away is not sent to', async (t) => {
  const { tv, said, configuration } = await world(t, {}, { localPorts, start: 'configuration-server' });
  configuration.holdOpen = hold();
  const gone = new AbortController();
  const asked = tv.ask('POST', '/v1/requests', { requestId: 'r', contentId: 'film' }, gone.signal);
  while (said.length === 0) await setTimeout(5);
  gone.abort(new Error('gone'));
  await assert.rejects(asked, /gone/);
  await setTimeout(50);
  configuration.holdOpen.release();
  while (said.length < 4) await setTimeout(5);
  assert.deepEqual(said, ['open r', 'tell s1', 'close s1 appliance-left', 'stop s1']);
});

test('the gateway tells the media server: that is asked to await it, with where the request came from', async (t) => {
  const { tv, said, configuration, media } = await world(t, {}, { localPorts, start: 'gateway' });
  const request = { requestId: 'r', contentId: 'film', firstSpeaker: { video: 'appliance' } };
  configuration.holdOpen = hold();
  const asking = tv.ask('POST', '/v1/requests', request, here);
  while (media.awaited.length === 0 || configuration.requests.length === 0) await setTimeout(5);
  const [awaited] = media.awaited;
  const { start } = configuration.requests[0] ?? {};
  assert.ok(start?.by === 'gateway');
  assert.equal(start.startId, awaited?.startId);
  assert.equal(start.mediaServer.address, '127.0.0.1');
  const { startId, ...rest } = awaited ?? assert.fail();
  assert.match(startId, /^[\w-]{43}$/);
  const { firstSpeaker } = request;
  assert.deepEqual(rest, {
    ...{ contentId: 'film', streams: film.streams.map(({ id }) => id), observed: '127.0.0.1', firstSpeaker },
  });
  configuration.holdOpen.release();
  const video = { protection: 'clear', clearBecause: 'told by the gateway' } as const;
  media.told.resolve({
    kind: 'granted',
    value: { sessionId: startId, state: 'sending', streams: [], protection: { video } },
  });
  const answer = await asking;
  assert.equal(answer.status, 200, answer.body.toString());
  const { sessionId, streams } = bodyOf(answer);
  assert.equal(streams[0].clearBecause, 'told by the gateway');
  assert.equal((await tv.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).status, 200);
  // Nobody else was told, and it is stopped by the name that it was started by.
  assert.deepEqual(said.toSorted(), ['await', `close ${sessionId} appliance-left`, 'open r', `stop ${startId}`]);
});

test('a home that is not opened is not awaited; a gateway that does not tell in time is closed again', async (t) => {
  const limits = { configurationMs: 300, startMs: 200 };
  const first = await world(t, { configurationMs: 60_000 }, { localPorts, start: 'gateway' });
  first.configuration.refusal = refuse('gateway-offline', 'away');
  first.configuration.holdOpen = hold();
  const asking = first.tv.ask('POST', '/v1/requests', { requestId: 'r', contentId: 'film' }, here);
  while (first.media.awaited.length === 0) await setTimeout(5);
  first.configuration.holdOpen.release();
  const refused = await asking;
  assert.equal(bodyOf(refused).code, 'gateway-offline');
  while (!first.said.includes('not awaited')) await setTimeout(5);

  const second = await world(t, limits, { localPorts, start: 'gateway' });
  const late = await second.tv.ask('POST', '/v1/requests', { requestId: 'r', contentId: 'film' }, here);
  assert.equal(bodyOf(late).code, 'media-not-started');
  assert.ok(second.said.includes('close s1 media-not-started'), second.said.join());
});

test('a gateway is told addresses alone: a media server that is named is refused at start', () => {
  const parts = { identity: '.', configurationServer: 'https://configuration.example:8444', start: 'gateway' };
  const by = (place: string) => portalConfig.safeParse({ ...parts, mediaServers: [place] }).success;
  assert.deepEqual(
    ['https://203.0.113.10:8446', 'https://[2001:db8::1]:8446', 'https://media.example', 'beside'].map(by),
    [true, true, false, false],
  );
});
