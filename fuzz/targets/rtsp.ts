import {
  buildFrame,
  buildRtspMessage,
  buildTransport,
  longestRtspHead,
  parseTransport,
  type RtspItem,
  RtspMalformed,
  RtspReader,
} from '@sluice/wire/rtsp';
import { lines, tokens } from '../mutate/pieces.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';

const request = (method: string, headers: Record<string, string>, body = '') =>
  buildRtspMessage({
    kind: 'request',
    method,
    uri: 'rtsp://127.0.0.1:8554/live',
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body),
  });

const answer = buildRtspMessage({
  kind: 'response',
  status: 200,
  reason: 'OK',
  headers: new Map([
    ['cseq', '2'],
    ['session', '1234;timeout=60'],
    ['transport', 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=DEADBEEF;mode="PLAY"'],
  ]),
  body: new Uint8Array(),
});

/** The octets of an RTSP connection: `RtspReader` and `parseTransport`. */
export const rtsp: Target = {
  name: 'rtsp',
  mostBytes: 128 << 10,
  seeds: [
    request('OPTIONS', { cseq: '1' }),
    request('ANNOUNCE', { cseq: '2', 'content-type': 'application/sdp' }, 'v=0\r\ns=-\r\n'),
    request('SETUP', { cseq: '3', transport: 'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=2' }),
    answer,
    Buffer.concat([answer, buildFrame(0, Buffer.from('rtp packet')), request('TEARDOWN', { session: '1234' })]),
  ],
  words: [
    ...['RTSP/1.0', 'RTSP/1.0 200 OK', 'Content-Length: ', 'Content-Length: 65536', 'Transport: RTP/AVP', '$\0\0\0'],
    ...['\r\n\r\n', '\n\n', '\r\n ', ';', ',', '=', 'client_port=', 'interleaved=', 'CSeq: 1', '\u00e9'],
  ],
  mutators: [lines, tokens],
  feed(input) {
    const whole = readAll([input]);
    // The bytes decide where they are parted, so that an input shows the same each time.
    const step = 1 + ((input[0] ?? 0) % 7) + input.length / 64;
    const parts: Uint8Array[] = [];
    for (let at = 0; at < input.length; at += step) parts.push(input.subarray(at, at + step));
    const parted = readAll(parts);
    promise(parted.items.length >= whole.items.length, 'octets mean the same however they arrive');
    if (!whole.malformed) promise(!parted.malformed, 'octets are as well formed however they arrive');
    for (const [index, bytes] of whole.items.entries()) {
      promiseSame(bytes, parted.items[index] ?? new Uint8Array(), 'a message is the same however it arrives');
    }
    const kinds = [...new Set(whole.kinds)].join(' ');
    return whole.malformed
      ? refused(`${kinds} ${whole.malformed.replace(/\d+/g, '')}`)
      : taken(kinds || 'not yet whole');
  },
};

interface Read {
  /** Each message or packet, written again. */
  readonly items: readonly Uint8Array[];
  readonly kinds: readonly string[];
  readonly malformed?: string;
}

function readAll(parts: readonly Uint8Array[]): Read {
  const reader = new RtspReader();
  const items: Uint8Array[] = [];
  const kinds: string[] = [];
  for (const part of parts) {
    let read: readonly RtspItem[];
    try {
      read = reader.push(part);
    } catch (error) {
      if (!(error instanceof RtspMalformed)) throw error;
      return { items, kinds, malformed: error.message };
    }
    for (const item of read) {
      items.push(rewritten(item));
      kinds.push(item.kind);
    }
  }
  return { items, kinds };
}

function rewritten(item: RtspItem): Uint8Array {
  if (item.kind === 'frame') return buildFrame(item.channel, item.payload);
  const bytes = buildRtspMessage(item);
  // What was no UTF-8 or ended its lines in LF alone is longer when written.
  if (bytes.length - item.body.length > longestRtspHead) return bytes;
  const [again, ...more] = new RtspReader().push(bytes);
  promise(again?.kind === item.kind && more.length === 0, 'a message that was read can be written and read again');
  promiseSame(buildRtspMessage(again), bytes, 'a message stays the same when written and read');
  for (const choice of parseTransport(item.headers.get('transport') ?? '')) {
    const text = buildTransport(choice);
    promise(parseTransport(text).map(buildTransport).join() === text, 'a transport is written as it was read');
  }
  return bytes;
}
