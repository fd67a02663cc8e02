import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRtcp, buildRtp, ntpOf } from '@sluice/wire/rtp';
import { buildFrame, buildRtspMessage } from '@sluice/wire/rtsp';
import { parseSdp } from '@sluice/wire/sdp';
import { PushMalformed, readPush } from './pushed.ts';
import { rtpContent } from './rtp-content.ts';

const sdp =
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=tool:x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 OPUS/48000/2\r\na=control:streamid=1\r\n';
const announce = (description: string) =>
  buildRtspMessage({
    kind: 'request',
    method: 'ANNOUNCE',
    uri: 'rtsp://127.0.0.1/film',
    headers: new Map(),
    body: new TextEncoder().encode(description),
  });
const rtp = (channel: number, timestamp: number, ...payload: number[]) =>
  buildFrame(
    channel,
    buildRtp({
      payloadType: 96,
      marker: true,
      sequence: 0,
      timestamp: timestamp >>> 0,
      ssrc: 1,
      csrcs: [],
      payload: Uint8Array.from(payload),
      padding: 0,
    }),
  );
const report = (channel: number, unixMs: number, rtpTimestamp: number) =>
  buildFrame(
    channel,
    buildRtcp([
      { type: 'sender-report', ssrc: 1, ntp: ntpOf(unixMs), rtpTimestamp, packets: 0, octets: 0, reports: [] },
    ]),
  );

test('media are aligned by their sender reports, whatever timestamps they begin with', () => {
  // The sound begins 20 ms before the picture; each medium's clock has its own beginning.
  const { tracks } = readPush(
    Buffer.concat([
      announce(sdp),
      report(1, 1000, 5000),
      report(3, 1000, 0xffffff00),
      rtp(2, 0xffffff00 - 960, 1),
      rtp(0, 5000, 1, 2),
      rtp(2, 0xffffff00, 2),
      rtp(0, 5000 + 3600, 3),
    ]),
  );
  const [video, audio] = tracks;
  assert.deepEqual([...(audio?.dueMs ?? [])], [0, 20]);
  assert.deepEqual([...(video?.dueMs ?? [])], [20, 60]);
  assert.deepEqual([...(video?.timestamps ?? [])], [1800, 5400]);
  assert.deepEqual([...(video?.offsets ?? [])], [0, 14, 27]);
  assert.equal(video?.clockRate, 90000);
  assert.equal(video?.endMs, 100);
});

test('without sender reports every medium begins at once', () => {
  const { tracks } = readPush(Buffer.concat([announce(sdp), rtp(0, 7, 1), rtp(0, 3607, 1), rtp(2, 99, 1)]));
  assert.deepEqual(
    tracks.map(({ dueMs }) => dueMs[0]),
    [0, 0],
  );
});

test('the content has a stream for each medium, its reports beside it, and a description without places', () => {
  const push = Buffer.concat([announce(sdp), rtp(0, 7, 1), rtp(0, 3607, 1), rtp(2, 99, 1), rtp(2, 1059, 1)]);
  const content = rtpContent('A film\r\na=x', push, true);
  assert.deepEqual(
    content.streams.map(({ id }) => id),
    ['video', 'video-rtcp', 'audio', 'audio-rtcp'],
  );
  assert.equal(content.loopMs, 80);
  const description = parseSdp(content.sdp);
  assert.equal(description.name, 'A film  a=x');
  assert.deepEqual(
    description.media.map(({ kind, port, attributes }) => [kind, port, attributes.map(({ name }) => name).join()]),
    [
      ['video', 0, 'rtpmap,mid,recvonly'],
      ['audio', 0, 'rtpmap,mid,recvonly'],
    ],
  );
  assert.equal(description.connection?.address, '0.0.0.0');
  assert.deepEqual(
    rtpContent('x', push, false).streams.map(({ id }) => id),
    ['video', 'audio'],
  );
});

test('a push that cannot be sent on is refused', () => {
  const cases = {
    'no announce': rtp(0, 7, 1),
    'a medium without packets': Buffer.concat([announce(sdp), rtp(0, 7, 1)]),
    'an encoding without clock': Buffer.concat([announce(sdp.replaceAll('rtpmap', 'x')), rtp(0, 7, 1), rtp(2, 7, 1)]),
    'a packet that is no RTP': Buffer.concat([announce(sdp), buildFrame(0, Uint8Array.of(1, 2))]),
    nothing: new Uint8Array(),
  };
  for (const [name, push] of Object.entries(cases)) assert.throws(() => readPush(push), PushMalformed, name);
});
