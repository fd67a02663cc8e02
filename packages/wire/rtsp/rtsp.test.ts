import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  answerTo,
  buildFrame,
  buildRtspMessage,
  buildTransport,
  frameHeader,
  longestRtspHead,
  parseTransport,
  type RtspItem,
  RtspMalformed,
  RtspReader,
  type RtspRequest,
  type RtspTransport,
} from './index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (...chunks: readonly Uint8Array[]) => {
  const reader = new RtspReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
};
const request = (method: string, headers: Record<string, string>, body = ''): RtspRequest => ({
  kind: 'request',
  method,
  uri: 'rtsp://127.0.0.1:554/film',
  headers: new Map(Object.entries(headers)),
  body: bytes(body),
});

test("ffmpeg's ANNOUNCE reads as it is on the wire", () => {
  const text =
    'ANNOUNCE rtsp://127.0.0.1:8554/film RTSP/1.0\r\nContent-Type: application/sdp\r\nCSeq: 2\r\nUser-Agent: Lavf59.27.100\r\nContent-Length: 5\r\n\r\nv=0\r\n';
  const [item, ...rest] = read(bytes(text));
  assert.equal(rest.length, 0);
  assert.ok(item?.kind === 'request');
  assert.equal(item.method, 'ANNOUNCE');
  assert.equal(item.uri, 'rtsp://127.0.0.1:8554/film');
  assert.equal(item.headers.get('content-type'), 'application/sdp');
  assert.equal(new TextDecoder().decode(item.body), 'v=0\r\n');
});

test('an answer repeats CSeq and Session and is written as RFC 2326 says', () => {
  const setup = request('SETUP', { cseq: '3', session: '12', transport: 'RTP/AVP/TCP;unicast' });
  const answer = answerTo(setup, 200, 'OK', { transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' });
  assert.equal(
    new TextDecoder().decode(buildRtspMessage(answer)),
    'RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 12\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n',
  );
});

test('packets between messages come out in order, however the octets are cut', () => {
  const stream = Buffer.concat([
    buildRtspMessage(request('RECORD', { cseq: '4' })),
    buildFrame(0, bytes('$ RTSP/1.0\r\n\r\n')),
    buildFrame(1, new Uint8Array()),
    bytes('\r\n'),
    buildRtspMessage(request('ANNOUNCE', { cseq: '5' }, 'v=0\r\n')),
    buildFrame(2, new Uint8Array(65535).fill(7)),
  ]);
  const whole = read(stream);
  assert.deepEqual(
    whole.map((item) => (item.kind === 'frame' ? `${item.channel}:${item.payload.length}` : item.kind)),
    ['request', '0:14', '1:0', 'request', '2:65535'],
  );
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end));
      assert.deepEqual(plain(read(...chunks)), plain(whole));
    }),
    { numRuns: 30 },
  );
  const head = stream.subarray(0, 120);
  assert.deepEqual(plain(read(...Array.from(head, (_, index) => head.subarray(index, index + 1)))), plain(read(head)));
});

test('doubled headers are joined, folded ones continued, bare line feeds forgiven', () => {
  const [item] = read(bytes('RTSP/1.0 200\nVia: a\nVIA : b\nPublic: PLAY,\n PAUSE\n\n'));
  assert.ok(item?.kind === 'response');
  assert.equal(item.reason, '');
  assert.equal(item.headers.get('via'), 'a, b');
  assert.equal(item.headers.get('public'), 'PLAY, PAUSE');
});

test('what is no RTSP is refused with its octet', () => {
  const good = buildFrame(0, bytes('abc'));
  for (const bad of [
    'GET / HTTP/1.1\r\n\r\n',
    'PLAY rtsp://x RTSP/1.0\r\nno header\r\n\r\n',
    'PLAY rtsp://x RTSP/1.0\r\nContent-Length: -1\r\n\r\n',
    'PLAY rtsp://x RTSP/1.0\r\nContent-Length: 9999999\r\n\r\n',
    `PLAY rtsp://x RTSP/1.0\r\n${'A: b\r\n'.repeat(65)}\r\n`,
    'x'.repeat(longestRtspHead + 1),
    `PLAY rtsp://x RTSP/1.0\r\nA: ${'b'.repeat(longestRtspHead)}\r\n\r\n`,
    'RTSP/1.0 999 What\r\n\r\n',
  ]) {
    const reader = new RtspReader();
    reader.push(good);
    assert.throws(
      () => reader.push(bytes(bad)),
      (error) => error instanceof RtspMalformed && error.offset === 7,
      bad.slice(0, 60),
    );
  }
});

test('a value with a line break is refused when building', () => {
  assert.throws(() => buildRtspMessage(request('PLAY', { cseq: '1\r\nX: y' })), RangeError);
  assert.throws(() => frameHeader(0, 65536), RangeError);
  assert.throws(() => frameHeader(256, 0), RangeError);
});

const value = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const name = fc.stringMatching(/^[a-z-]{1,10}$/).filter((text) => text !== 'content-length');
const headers = fc.array(fc.tuple(name, value), { maxLength: 5 }).map((entries) => new Map(entries));
const body = fc.uint8Array({ maxLength: 30 });
const items: fc.Arbitrary<RtspItem> = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    method: fc.stringMatching(/^[A-Z_]{1,12}$/),
    uri: fc.stringMatching(/^[!-~]{1,20}$/),
    headers,
    body,
  }),
  fc.record({
    kind: fc.constant('response' as const),
    status: fc.integer({ min: 100, max: 599 }),
    reason: value,
    headers,
    body,
  }),
  fc.record({ kind: fc.constant('frame' as const), channel: fc.nat(255), payload: fc.uint8Array({ maxLength: 40 }) }),
);
const build = (item: RtspItem) =>
  item.kind === 'frame' ? buildFrame(item.channel, item.payload) : buildRtspMessage(item);
const plain = (list: readonly RtspItem[]) =>
  list.map((item) => {
    if (item.kind === 'frame') return { ...item, payload: [...item.payload] };
    const kept = [...item.headers].filter(([header]) => header !== 'content-length');
    return { ...item, headers: kept, body: [...item.body] };
  });

test('everything that is built reads back the same', () => {
  fc.assert(
    fc.property(fc.array(items, { maxLength: 5 }), (list) => {
      assert.deepEqual(plain(read(Buffer.concat(list.map(build)))), plain(list));
    }),
  );
});

test('truncated and mutated octets are read or refused, never anything else', () => {
  fc.assert(
    fc.property(
      fc.array(items, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(),
      fc.nat(255),
      (list, cut, place, octet) => {
        const stream = Buffer.concat(list.map(build));
        assert.ok(read(stream.subarray(0, cut % stream.length)).length < list.length);
        stream[place % stream.length] = octet;
        try {
          read(stream);
        } catch (error) {
          assert.ok(error instanceof RtspMalformed);
        }
      },
    ),
  );
});

test('Transport reads with all its choices and builds', () => {
  assert.deepEqual(parseTransport('RTP/AVP/TCP;unicast;interleaved=0-1;mode=record'), [
    { protocol: 'RTP/AVP/TCP', delivery: 'unicast', interleaved: [0, 1], mode: 'record' },
  ]);
  assert.deepEqual(
    parseTransport('RTP/AVP;multicast;ttl=3, junk, RTP/AVP;unicast;client_port=3456;mode="PLAY";ssrc=DEADBEEF'),
    [
      { protocol: 'RTP/AVP', delivery: 'multicast', mode: 'play' },
      { protocol: 'RTP/AVP', delivery: 'unicast', clientPort: [3456, 3457], mode: 'play', ssrc: 0xdeadbeef },
    ],
  );
  assert.deepEqual(parseTransport('RTP/AVP;unicast;interleaved=0-300'), [
    { protocol: 'RTP/AVP', delivery: 'unicast', mode: 'play' },
  ]);
  const pair = (most: number) => fc.tuple(fc.nat(most), fc.nat(most)) as fc.Arbitrary<readonly [number, number]>;
  const transports: fc.Arbitrary<RtspTransport> = fc.record(
    {
      protocol: fc.constantFrom('RTP/AVP', 'RTP/AVP/TCP', 'RTP/SAVP'),
      delivery: fc.constant('unicast' as const),
      mode: fc.constantFrom('play' as const, 'record' as const),
      interleaved: pair(255),
      clientPort: pair(65535),
      serverPort: pair(65535),
      ssrc: fc.nat(0xffffffff),
    },
    { requiredKeys: ['protocol', 'delivery', 'mode'] },
  );
  fc.assert(
    fc.property(transports, (transport) =>
      assert.deepEqual(parseTransport(buildTransport(transport)), [structuredClone(transport)]),
    ),
  );
});
