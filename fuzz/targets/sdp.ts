import {
  buildSdp,
  formatParametersOf,
  longestSdp,
  mostSdpLines,
  parseSdp,
  receivedAt,
  rtpMapsOf,
  SdpMalformed,
} from '@sluice/wire/sdp';
import { lines, tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

const film = [
  'v=0',
  'o=- 1700000000 1 IN IP4 203.0.113.10',
  's=Film',
  'i=left out',
  'c=IN IP4 0.0.0.0',
  'b=AS:2000',
  't=0 0',
  'a=range:npt=0-',
  'm=video 0 RTP/AVP 96 26',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1;profile-level-id=42e01f; sprop-parameter-sets=Z0LAHtkA2D3n//',
  'a=mid:video',
  'a=sendonly',
  'm=audio 49170/2 RTP/AVP 97 0',
  'c=IN IP6 ff15::101/3',
  'a=rtpmap:97 MPEG4-GENERIC/44100/2',
  'a=rtcp:53020',
  '',
];

/** Session descriptions: `parseSdp` and what reads in them. */
export const sdp: Target = {
  name: 'sdp',
  mostBytes: 70_000,
  seeds: bytesOf(
    film.join('\r\n'),
    film.slice(0, 8).join('\n'),
    'v=0\no=- 1 1 IN IP6 ::1\ns= \nt=0 0\nm=text 7 TCP x\n',
  ),
  words: [
    ...['v=0', 'm=audio 9 RTP/AVP 0', 'a=rtpmap:', 'a=fmtp:96 ', 'c=IN IP4 ', 'c=IN IP6 ::1', 'b=AS:', 't=0 0', 's= '],
    ...['\r', '\r\n', '\n', '=', ':', ';', '/', 'IN IP4', '96', '127', '65536'],
  ],
  mutators: [lines, tokens],
  feed(input) {
    let description: ReturnType<typeof parseSdp>;
    try {
      description = parseSdp(textOf(input));
    } catch (error) {
      if (!(error instanceof SdpMalformed)) throw error;
      promise(error.line >= 1, 'what is malformed is in a line');
      return refused(error.message.replace(/\d+/g, ''));
    }
    const text = buildSdp(description);
    if (isWithinLimits(text)) {
      promise(buildSdp(parseSdp(text)) === text, 'a description stays the same when written and read');
    }
    let maps = 0;
    for (const media of description.media) {
      for (const { payloadType, clockRate } of rtpMapsOf(media)) {
        promise(payloadType >= 0 && payloadType <= 127 && clockRate > 0, 'a payload type has seven bits and a clock');
        formatParametersOf(media, payloadType);
        maps++;
      }
    }
    const connection = { family: 4, address: '192.168.1.2' } as const;
    const received = receivedAt(description, (_, index) => ({ connection, port: 5000 + index * 2, rtcpPort: 6000 }));
    const place = buildSdp(received);
    if (isWithinLimits(place)) {
      promise(parseSdp(place).media.length === description.media.length, 'every section has its place');
    }
    return taken(`${description.media.length} sections, ${maps} maps`);
  },
};

/** What was read within the limits may be beyond them when written: lines that were left out are there, ends are CRLF. */
function isWithinLimits(text: string): boolean {
  return text.length <= longestSdp && text.split('\n').length <= mostSdpLines;
}
