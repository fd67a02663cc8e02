import {
  buildRtcp,
  buildRtp,
  looksLikeRtcp,
  parseRtcp,
  parseRtp,
  parseRtpHeader,
  ReceptionTally,
  type RtcpPacket,
} from '@sluice/wire/rtp';
import { rtcp as rtcpFormat } from '../formats/rtcp.ts';
import { tree } from '../mutate/tree.ts';
import { promise, promiseSame, refused, type Target, taken } from '../target.ts';

const packet = {
  payloadType: 96,
  marker: true,
  sequence: 65_534,
  timestamp: 90_000,
  ssrc: 0xdeadbeef,
  csrcs: [1, 2],
  extension: { profile: 0xbede, data: Uint8Array.of(0x10, 1, 2, 0, 0, 0, 0, 0) },
  payload: Buffer.from('payload of a packet'),
  padding: 4,
};
const { extension: _, ...bare } = packet;

/** RTP datagrams at an appliance's port: `parseRtp`, and what reception makes of their headers. */
export const rtp: Target = {
  name: 'rtp',
  mostBytes: 2048,
  seeds: [
    buildRtp(packet),
    buildRtp({ ...bare, padding: 0 }),
    buildRtp({ ...bare, csrcs: [], marker: false, sequence: 0, padding: 0 }),
  ],
  words: [],
  mutators: [],
  feed(input) {
    const header = parseRtpHeader(input);
    if (header) countAround(header.sequence, input);
    const parsed = parseRtp(input);
    if (!parsed) return refused(header ? 'a header alone' : 'no header');
    promise(header !== undefined, 'a packet has a header');
    const bytes = buildRtp(parsed);
    const again = parseRtp(bytes);
    promise(again !== undefined, 'a packet that was read can be written and read again');
    promiseSame(buildRtp(again), bytes, 'a packet stays the same when written and read');
    const { csrcs, extension, padding } = parsed;
    return taken(`${csrcs.length} ${extension !== undefined} ${padding > 0} ${looksLikeRtcp(input)}`);
  },
};

/** The input as a row of sequence numbers, timestamps and times of one source: the account must stay sound. */
function countAround(first: number, input: Uint8Array): void {
  const tally = new ReceptionTally(90_000);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let now = 0;
  let counted = 0;
  for (let at = 0; at + 4 <= input.length && counted < 64; at += 2, counted++) {
    const sequence = counted % 3 === 0 ? first + counted : view.getUint16(at);
    const header = {
      payloadType: 96,
      marker: false,
      sequence: sequence & 0xffff,
      timestamp: view.getUint32(at),
      ssrc: 1,
    };
    now += input[at] ?? 0;
    tally.count(header, now);
  }
  const { expected, received, lost, reordered, duplicates, jitter } = tally.reception();
  promise(received === counted, 'every packet is counted');
  promise(lost >= 0 && lost <= expected, 'what is lost was expected');
  promise(reordered + duplicates <= received, 'only what came can come late or twice');
  promise(jitter >= 0 && Number.isFinite(jitter), 'jitter is a number');
  const block = tally.reportBlock(now);
  if (block) buildRtcp([{ type: 'receiver-report', ssrc: 2, reports: [block] }]);
}

const block = {
  ssrc: 1,
  fractionLost: 12,
  lost: -3,
  highestSequence: 70_000,
  jitter: 9,
  lastSenderReport: 5,
  delaySinceLast: 6,
};
const report: RtcpPacket = {
  type: 'sender-report',
  ssrc: 7,
  ntp: 0xe0000000_80000000n,
  rtpTimestamp: 90_000,
  packets: 10,
  octets: 1000,
  reports: [block],
};
const description: RtcpPacket = {
  type: 'source-description',
  chunks: [
    {
      ssrc: 7,
      items: [
        { type: 1, text: 'media@203.0.113.10' },
        { type: 6, text: 'é' },
      ],
    },
    { ssrc: 8, items: [] },
  ],
};

/** RTCP datagrams: `parseRtcp`. */
export const rtcp: Target = {
  name: 'rtcp',
  mostBytes: 2048,
  seeds: [
    buildRtcp([report, description]),
    buildRtcp([{ type: 'receiver-report', ssrc: 7, reports: [block, { ...block, ssrc: 2 }] }, description]),
    buildRtcp([
      { type: 'receiver-report', ssrc: 7, reports: [] },
      { type: 'goodbye', ssrcs: [7, 8], reason: 'end' },
    ]),
    buildRtcp([{ type: 'other', packetType: 206, count: 1, body: new Uint8Array(12) }]),
  ],
  words: ['\ufeff'],
  mutators: [tree(rtcpFormat)],
  feed(input) {
    const parsed = parseRtcp(input);
    if (!parsed) return refused();
    promise(parsed.length <= input.length / 4, 'there are no more packets than bytes for them');
    const bytes = written(parsed);
    if (!bytes) return taken('a text beyond its field');
    const again = parseRtcp(bytes);
    promise(again !== undefined, 'a datagram that was read can be written and read again');
    promiseSame(buildRtcp(again), bytes, 'a datagram stays the same when written and read');
    return taken(
      parsed
        .map(({ type }) => type)
        .join(' ')
        .slice(0, 80),
    );
  },
};

/** Undefined where a text is longer in UTF-8 than it was in the bytes that were none. */
function written(packets: readonly RtcpPacket[]): Uint8Array | undefined {
  const texts = packets.flatMap((one) =>
    one.type === 'goodbye'
      ? [one.reason ?? '']
      : one.type === 'source-description'
        ? one.chunks.flatMap(({ items }) => items.map(({ text }) => text))
        : [],
  );
  return texts.some((text) => Buffer.byteLength(text) > 255) ? undefined : buildRtcp(packets);
}
