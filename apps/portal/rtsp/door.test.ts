import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionEndsReader, silentLog, VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import { RtspReader, type RtspResponse } from '@sluice/wire/rtsp';
import { contentShelf } from '../shelf.ts';
import { FakeConfigurationServer, FakeMediaServer, film } from '../test/fake-parts.ts';
import { openRtspDoor } from './door.ts';
import { descriptionFor, readUri } from './tracks.ts';

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=film',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=mid:video',
  '',
].join('\r\n');

/** A door between fakes of the other parts, and a player's connection to it. */
async function door(t: TestContext) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const configuration = new FakeConfigurationServer(said);
  configuration.until = clock.now() + 60_000;
  const media = new FakeMediaServer(said);
  media.contents = async () => ({ kind: 'granted', value: [{ ...film, sdp }] });
  const lifetime = new AbortController();
  const shelf = contentShelf([media], clock, 5_000, lifetime.signal);
  const parts = { portalId: 'self::portal', configuration, shelf, clock, log: silentLog, stopwatch: () => 0 };
  const opened = await openRtspDoor(
    { ...parts, lifetime: lifetime.signal },
    { hosts: ['127.0.0.1'], port: 0, connections: 600, ends: new ConnectionEndsReader() },
  );
  t.after(async () => {
    await opened[Symbol.asyncDispose]();
    lifetime.abort();
  });
  return { clock, said, configuration, media, opened, player: () => player(t, opened.port) };
}

/** Asks one thing after the other over one connection. */
function player(t: TestContext, port: number) {
  const socket = connect(port, '127.0.0.1');
  const reader = new RtspReader();
  const waiting: ((response: RtspResponse | undefined) => void)[] = [];
  socket.on('data', (bytes) => {
    for (const item of reader.push(bytes)) if (item.kind === 'response') waiting.shift()?.(item);
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  void closed.then(() => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  t.after(() => socket.destroy());
  let sequence = 0;
  const base = `rtsp://127.0.0.1:${port}`;
  return {
    socket,
    closed,
    base,
    ask(method: string, path: string, headers: Record<string, string> = {}) {
      const lines = Object.entries({ CSeq: String(++sequence), ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      socket.write(`${method} ${base}${path} RTSP/1.0\r\n${lines.join('')}\r\n`);
      return new Promise<RtspResponse | undefined>((resolve) => waiting.push(resolve));
    },
  };
}

const udp = { Transport: 'RTP/AVP;unicast;client_port=5000-5001' };
const sessionOf = (response: RtspResponse | undefined) => ({
  Session: response?.headers.get('session')?.split(';')[0] ?? '',
});

test('SETUP is the content request, client ports and all; PLAY starts; TEARDOWN closes first, then stops', async (t) => {
  const { player, said, configuration, media } = await door(t);
  const { ask, socket } = player();
  assert.match((await ask('OPTIONS', '*'))?.headers.get('public') ?? '', /SETUP/);
  const described = await ask('DESCRIBE', '/film');
  assert.equal(described?.status, 200);
  const text = new TextDecoder().decode(described?.body);
  assert.match(text, /a=control:track=video\r\n/);
  const setUp = await ask('SETUP', '/film/track=video', udp);
  assert.equal(setUp?.status, 200, new TextDecoder().decode(setUp?.body));
  assert.equal(
    setUp?.headers.get('transport'),
    'RTP/AVP;unicast;source=203.0.113.10;client_port=5000-5001;server_port=7000-7001;mode=play',
  );
  const [request] = configuration.requests;
  assert.deepEqual(
    [request?.applianceId, request?.localAddresses, request?.streams.map(({ id, localPort }) => [id, localPort])],
    [
      'player:127.0.0.1',
      [],
      [
        ['video', 5000],
        ['video-rtcp', 5001],
      ],
    ],
  );
  assert.deepEqual(request?.flow.observed, { address: '127.0.0.1', port: (socket.address() as AddressInfo).port });
  assert.ok(!said.some((word) => word.startsWith('start')), 'nothing is sent before PLAY');
  assert.equal((await ask('PLAY', '/film', sessionOf(setUp)))?.status, 200);
  assert.ok(said.includes('start s1'));
  assert.equal((await ask('GET_PARAMETER', '/film', sessionOf(setUp)))?.status, 200);
  assert.equal((await ask('TEARDOWN', '/film', sessionOf(setUp)))?.status, 200);
  assert.deepEqual(said.slice(-2), ['close s1 appliance-left', 'stop s1']);
  assert.equal((await ask('PLAY', '/film', sessionOf(setUp)))?.status, 454);
  assert.ok(media);
});

test('a connection that ends closes what was opened for it, also while that is under way', async (t) => {
  const { player, said } = await door(t);
  const first = player();
  const setUp = await first.ask('SETUP', '/film/track=video', udp);
  await first.ask('PLAY', '/film', sessionOf(setUp));
  first.socket.destroy();
  const second = player();
  void second.ask('SETUP', '/film/track=video', { Transport: 'RTP/AVP;unicast;client_port=6000-6001' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  second.socket.destroy();
  const deadline = Date.now() + 5_000;
  while (said.filter((word) => word.startsWith('close')).length < 2 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(said.filter((word) => word.startsWith('close')).sort(), [
    'close s1 appliance-left',
    'close s2 appliance-left',
  ]);
});

test('a crowd that says nothing makes room, and a player whose home is open stays', async (t) => {
  const { player, opened } = await door(t);
  const playing = player();
  const setUp = await playing.ask('SETUP', '/film/track=video', udp);
  assert.equal((await playing.ask('PLAY', '/film', sessionOf(setUp)))?.status, 200);
  let turnedOut = 0;
  for (let n = 0; n < 200; n++) {
    const silent = connect(opened.port, '127.0.0.1');
    silent.on('error', () => {}).once('close', () => turnedOut++);
    t.after(() => silent.destroy());
    await new Promise((resolve) => silent.once('connect', resolve));
  }
  assert.equal((await player().ask('OPTIONS', '*'))?.status, 200);
  assert.equal((await playing.ask('GET_PARAMETER', '/film', sessionOf(setUp)))?.status, 200);
  assert.ok(turnedOut >= 60, `${turnedOut} of 200 made room`);
});

test('what is refused is said in RTSP, with the code and the sentence; a start that fails closes the home', async (t) => {
  const { player, said, configuration, media } = await door(t);
  const { ask } = player();
  configuration.refusal = refuse('consent-missing', 'this gateway opens only what the device itself has signed');
  const refused = await ask('SETUP', '/film/track=video', udp);
  assert.equal(refused?.status, 403);
  assert.match(new TextDecoder().decode(refused?.body), /^consent-missing: /);
  configuration.refusal = undefined;
  media.start = async () => ({ kind: 'refused', refusal: refuse('media-not-started', 'no') });
  const setUp = await ask('SETUP', '/film/track=video', udp);
  assert.equal((await ask('PLAY', '/film', sessionOf(setUp)))?.status, 503);
  assert.ok(said.some((word) => word.endsWith('media-not-started')));
});

test('what players may get wrong', async (t) => {
  const { player, configuration } = await door(t);
  const { ask, socket, closed } = player();
  assert.equal((await ask('DESCRIBE', '/nothing'))?.status, 404);
  assert.equal((await ask('SETUP', '/film/track=subtitles', udp))?.status, 404);
  assert.equal((await ask('SETUP', '/film/track=video', { Transport: 'RTP/AVP/TCP;interleaved=0-1' }))?.status, 461);
  assert.equal((await ask('SETUP', '/film/track=video', { ...udp, Session: 'other' }))?.status, 454);
  assert.equal((await ask('PLAY', '/film', { Session: 'other' }))?.status, 454);
  assert.equal((await ask('RECORD', '/film'))?.status, 501);
  assert.deepEqual(configuration.requests, []);
  socket.write('this is no RTSP\r\n\r\n');
  await closed;
});

test('a door that closes waits for no player, and closes what was opened', async (t) => {
  const { player, opened, said } = await door(t);
  const { ask, closed } = player();
  await ask('SETUP', '/film/track=video', udp);
  const began = performance.now();
  await opened[Symbol.asyncDispose]();
  await closed;
  assert.ok(performance.now() - began < 5_000, 'it waited for the player to go');
  assert.ok(said.includes('close s1 appliance-left'));
});

test('a session that was revoked ends the connection: RTSP 1.0 has no other word for it', async (t) => {
  const { player, configuration, clock } = await door(t);
  const { ask, closed } = player();
  const setUp = await ask('SETUP', '/film/track=video', udp);
  await ask('PLAY', '/film', sessionOf(setUp));
  for (const [id, session] of configuration.sessions) configuration.sessions.set(id, { ...session, state: 'closed' });
  await clock.pass(62_000);
  await closed;
});

test('URIs name a content and a track, and nothing else', () => {
  assert.deepEqual(readUri('rtsp://portal:8554/film'), { contentId: 'film' });
  assert.deepEqual(readUri('rtsp://portal:8554/film/'), { contentId: 'film' });
  assert.deepEqual(readUri('rtsp://[2001:db8::1]/film/track=video-2'), { contentId: 'film', track: 'video-2' });
  for (const other of [
    '*',
    'http://portal/film',
    'rtsp://portal/',
    'rtsp://portal/a/b',
    'rtsp://portal/film/track=',
    'rtsp://portal/../x/y',
  ])
    assert.equal(readUri(other), undefined, other);
  assert.equal(descriptionFor({ ...film, sdp }, 4)?.includes('m=video 0 RTP/AVP 96'), true);
  assert.equal(descriptionFor({ ...film, sdp, streams: film.streams.slice(2) }, 4), undefined);
});
