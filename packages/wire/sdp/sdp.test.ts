import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buildSdp,
  formatParametersOf,
  parseSdp,
  receivedAt,
  rtpMapsOf,
  SdpMalformed,
  type SessionDescription,
  sdpAttribute,
} from './index.ts';

/** As ffmpeg 5.1 announces a film. */
const film = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=No Name',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'a=tool:libavformat 59.27.100',
  'm=video 0 RTP/AVP 96',
  'b=AS:600',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==,aM48gA==; profile-level-id=42C01E',
  'a=control:streamid=0',
  'm=audio 0 RTP/AVP 97',
  'b=AS:128',
  'a=rtpmap:97 MPEG4-GENERIC/44100/2',
  'a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=1210',
  'a=control:streamid=1',
  '',
].join('\r\n');

test("ffmpeg's description reads, and builds to the same text", () => {
  const description = parseSdp(film);
  assert.equal(buildSdp(description), film);
  const [video, audio] = description.media;
  assert.ok(video && audio);
  assert.deepEqual(rtpMapsOf(video), [{ payloadType: 96, encoding: 'H264', clockRate: 90000 }]);
  assert.deepEqual(rtpMapsOf(audio), [{ payloadType: 97, encoding: 'MPEG4-GENERIC', clockRate: 44100, channels: 2 }]);
  assert.equal(
    formatParametersOf(video, 96).get('sprop-parameter-sets'),
    'Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==,aM48gA==',
  );
  assert.equal(formatParametersOf(audio, 97).get('config'), '1210');
  assert.equal(formatParametersOf(audio, 96).size, 0);
  assert.equal(sdpAttribute(audio.attributes, 'control'), 'streamid=1');
  assert.equal(sdpAttribute(audio.attributes, 'rtcp-mux'), undefined);
  assert.deepEqual(video.bandwidths, [{ type: 'AS', value: 600 }]);
});

test('lines of other kinds, bare line feeds and IPv6 are read', () => {
  const description = parseSdp(
    'v=0\no=alice 1 2 IN IP6 2001:db8::1\ns= \ni=about\nu=http://x\ne=a@b\nt=0 0\nr=7d 1h 0\nc=IN IP6 ff15::101/3\na=recvonly\nm=audio 5004/2 RTP/AVP 0 8\n',
  );
  assert.equal(description.origin.address, '2001:db8::1');
  assert.deepEqual(description.connection, { family: 6, address: 'ff15::101' });
  assert.deepEqual(description.media[0]?.formats, ['0', '8']);
  assert.equal(sdpAttribute(description.attributes, 'recvonly'), '');
});

test('a description is placed where it is received, with rtcp only where it is not the next port', () => {
  const placed = receivedAt(parseSdp(film), (_, index) => ({
    connection: { family: 4, address: '192.168.1.2' },
    port: 5000 + index * 2,
    rtcpPort: index === 0 ? 5001 : 6003,
  }));
  const text = buildSdp(placed);
  assert.match(text, /m=video 5000 RTP\/AVP 96\r\nc=IN IP4 192\.168\.1\.2\r\n/);
  assert.match(text, /m=audio 5002 RTP\/AVP 97\r\nc=IN IP4 192\.168\.1\.2\r\n/);
  assert.equal(text.match(/a=rtcp:/g)?.length, 1);
  assert.match(text, /a=rtcp:6003\r\n$/);
  assert.doesNotMatch(text, /127\.0\.0\.1\r\nt=/);
});

test('malformed text is refused with its line', () => {
  const cases: readonly [string, number][] = [
    ['', 1],
    ['hello', 1],
    ['v=0\ns=x\nt=0 0', 3],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\nt=0 0', 3],
    ['v=0\no=broken\ns=x', 2],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\nm=audio 70000 RTP/AVP 0', 4],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\nm=audio 5004 RTP/AVP', 4],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\nc=ATM x', 4],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\nb=AS:many', 4],
    ['v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\nno line', 4],
    ['v=0\nv=0', 2],
  ];
  for (const [text, line] of cases) {
    assert.throws(
      () => parseSdp(text),
      (error) => error instanceof SdpMalformed && error.line === line,
      text,
    );
  }
});

test('text is bounded', () => {
  const head = 'v=0\no=- 0 0 IN IP4 1.2.3.4\ns=x\n';
  assert.throws(() => parseSdp(head + 'a=x\n'.repeat(1100)), SdpMalformed);
  assert.throws(() => parseSdp(head + 'm=audio 1 RTP/AVP 0\n'.repeat(65)), SdpMalformed);
  assert.throws(() => parseSdp(`${head}a=x:${'y'.repeat(70000)}`), SdpMalformed);
});

test('a value with a line break is refused when building', () => {
  const description = parseSdp(film);
  assert.throws(() => buildSdp({ ...description, name: 'a\r\na=inject' }), RangeError);
});

const token = fc.stringMatching(/^[A-Za-z0-9.-]{1,12}$/);
const line = fc.stringMatching(/^[ -~]{1,20}$/);
const connection = fc.record({ family: fc.constantFrom(4 as const, 6 as const), address: token });
const attributes = fc.array(fc.oneof(fc.record({ name: token }), fc.record({ name: token, value: line })), {
  maxLength: 3,
});
const bandwidths = fc.array(fc.record({ type: token, value: fc.nat() }), { maxLength: 2 });
const number = fc.nat().map(String);
const descriptions: fc.Arbitrary<SessionDescription> = fc.record(
  {
    origin: fc.record({
      username: token,
      sessionId: number,
      sessionVersion: number,
      family: fc.constantFrom(4 as const, 6 as const),
      address: token,
    }),
    name: line,
    connection,
    bandwidths,
    timing: fc.record({ start: fc.nat(), stop: fc.nat() }),
    attributes,
    media: fc.array(
      fc.record(
        {
          kind: token,
          port: fc.integer({ min: 0, max: 65535 }),
          protocol: token,
          formats: fc.array(token, { minLength: 1, maxLength: 4 }),
          connection,
          bandwidths,
          attributes,
        },
        { requiredKeys: ['kind', 'port', 'protocol', 'formats', 'bandwidths', 'attributes'] },
      ),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ['origin', 'name', 'bandwidths', 'timing', 'attributes', 'media'] },
);

test('every description that is built reads back the same', () => {
  fc.assert(
    fc.property(descriptions, (description) =>
      assert.deepEqual(parseSdp(buildSdp(description)), structuredClone(description)),
    ),
  );
});

test('truncated and mutated text is read or refused, never anything else', () => {
  fc.assert(
    fc.property(descriptions, fc.nat(), fc.nat(), fc.string({ maxLength: 3 }), (description, cut, place, inserted) => {
      const text = buildSdp(description);
      const at = place % text.length;
      for (const input of [text.slice(0, cut % text.length), text.slice(0, at) + inserted + text.slice(at + 1)]) {
        try {
          for (const media of parseSdp(input).media) rtpMapsOf(media);
        } catch (error) {
          assert.ok(error instanceof SdpMalformed);
        }
      }
    }),
  );
});
