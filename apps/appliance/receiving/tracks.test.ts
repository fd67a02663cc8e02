import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Content } from '@sluice/api';
import { codecOf, presentationOf } from './tracks.ts';

const sdp = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=Film',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==,aM48gA==',
  'm=text 0 RTP/AVP 99',
  'a=rtpmap:99 T140/1000',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 MPEG4-GENERIC/48000/1',
  'a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=1188',
  '',
].join('\r\n');
const remote = { address: '203.0.113.10', port: 7000 };
const film: Content = {
  contentId: 'film',
  title: 'Film',
  kind: 'film',
  description: '',
  sdp,
  streams: [
    { id: 'audio', streamType: 'rtp', remote, payloadType: 97 },
    { id: 'video', streamType: 'rtp', remote, payloadType: 96 },
    { id: 'video-rtcp', streamType: 'rtcp', remote, pairedWith: 'video' },
  ],
};

test('tracks are found by payload type, in the order of the description; what is no stream is left out', () => {
  const presentation = presentationOf(film);
  assert.deepEqual(
    presentation?.tracks.map(({ streamId, encoding, clockRate }) => [streamId, encoding, clockRate]),
    [
      ['video', 'H264', 90_000],
      ['audio', 'MPEG4-GENERIC', 48_000],
    ],
  );
  assert.deepEqual(
    presentation?.description.media.map(({ kind }) => kind),
    ['video', 'audio'],
  );
  assert.deepEqual(presentation?.tracks.map(codecOf), ['avc1.42c01e', 'mp4a.40.2']);
});

test('a content without RTP has no presentation', () => {
  const { sdp: _, ...without } = film;
  assert.equal(presentationOf(without), undefined);
});

test('what is no session description is refused', () => {
  assert.throws(() => presentationOf({ ...film, sdp: 'hello' }), { name: 'SdpMalformed' });
});
