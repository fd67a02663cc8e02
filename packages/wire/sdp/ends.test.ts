import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOffer, SdpMalformed, writeEnds } from './index.ts';

/** As a telephone offers it. */
const offer = [
  'v=0',
  'o=- 3890 1 IN IP4 192.168.1.2',
  's=-',
  'c=IN IP4 192.168.1.2',
  't=0 0',
  'a=tool:phone',
  'm=audio 4000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ssrc:1234 cname:x',
  'a=candidate:1 1 UDP 1 192.168.1.2 4000 typ host',
  'a=ice-ufrag:x',
  'a=sendrecv',
  'm=video 0 RTP/AVP 31',
  'm=video 4002/1 RTP/AVP 96',
  'i=the face',
  'c=IN IP4 192.168.1.3',
  'b=AS:256',
  'a=rtcp:4010 IN IP4 192.168.1.3',
  'a=rtcp-mux',
  'a=inactive',
  '',
].join('\r\n');

test('where each stream of an offer is to be received', () => {
  const [audio, ended, video] = readOffer(offer);
  assert.deepEqual(audio, {
    ...{ index: 0, media: 'audio', protocol: 'RTP/AVP', port: 4000, rtcpPort: 4001, rtcpMux: false },
    ...{ address: '192.168.1.2', direction: 'sendrecv', formats: ['0', '8', '101'] },
  });
  assert.equal(ended?.port, 0);
  assert.deepEqual(
    [video?.address, video?.rtcpPort, video?.rtcpMux, video?.direction],
    ['192.168.1.3', 4010, true, 'inactive'],
  );
});

test('other ends: the addresses and ports change, and candidates for other ways go; all else stays as it was', () => {
  const written = writeEnds(offer, [{ address: '203.0.113.1', port: 20_000, rtcpPort: 20_007 }, undefined, undefined]);
  const lines = offer.trimEnd().split('\r\n');
  const expected = lines
    .filter((line) => !/candidate|ice-/.test(line))
    .flatMap((line) => {
      if (line === 'c=IN IP4 192.168.1.2') return ['c=IN IP4 203.0.113.1'];
      if (line.startsWith('m=audio')) return ['m=audio 20000 RTP/AVP 0 8 101', 'c=IN IP4 203.0.113.1'];
      return line === 'a=sendrecv' ? [line, 'a=rtcp:20007'] : [line];
    });
  assert.deepEqual(written.trimEnd().split('\r\n'), expected);
  const [audio, , video] = readOffer(written);
  assert.deepEqual([audio?.address, audio?.port, audio?.rtcpPort], ['203.0.113.1', 20_000, 20_007]);
  assert.deepEqual([video?.address, video?.port], ['192.168.1.3', 4002]);
});

test('a title stays before the address, and muxed RTCP needs no port of its own', () => {
  const end = { address: '2001:db8::1', port: 30_000, rtcpPort: 30_000 };
  const written = writeEnds(offer, [undefined, undefined, end]);
  assert.match(written, /m=video 30000 RTP\/AVP 96\r\ni=the face\r\nc=IN IP6 2001:db8::1\r\nb=AS:256\r\n/);
  assert.doesNotMatch(written, /a=rtcp:/);
});

test('what is no description is not written', () => {
  assert.throws(() => writeEnds('v=1', []), SdpMalformed);
  assert.throws(() => readOffer('m=audio 1 RTP/AVP 0'), SdpMalformed);
});
