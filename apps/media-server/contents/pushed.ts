import { parseRtcp, parseRtp } from '@sluice/wire/rtp';
import { type RtspItem, RtspReader } from '@sluice/wire/rtsp';
import { parseSdp, rtpMapsOf, type SdpMedia, type SessionDescription } from '@sluice/wire/sdp';
import { type RawTrack, type RtpTrack, trackOf } from './track.ts';

/** What ffmpeg packetised: its session description and the packets of each media section of it. */
export interface PushedMedia {
  readonly description: SessionDescription;
  /** One for each media section, in the same order. */
  readonly tracks: readonly RtpTrack[];
}

/** A push that cannot be sent on. */
export class PushMalformed extends Error {
  override readonly name = 'PushMalformed';
}

interface Gathering {
  readonly media: SdpMedia;
  readonly packets: Uint8Array[];
  readonly timestamps: number[];
  /** The first sender report: the same moment in wall-clock time and on the media's clock. */
  report?: { readonly ntp: bigint; readonly rtpTimestamp: number };
}

const sliceLength = 1 << 20;

/**
 * Reads a push as an {@link RtspReceiver} keeps it: RTSP octets, the ANNOUNCE and then the packets. Channel 2n carries the
 * n-th media section's RTP and 2n+1 its RTCP, as ffmpeg numbers them. Throws {@link PushMalformed}.
 */
export function readPush(bytes: Uint8Array): PushedMedia {
  const items = itemsOf(bytes);
  const announce = items.next().value;
  if (announce?.kind !== 'request' || announce.method !== 'ANNOUNCE') throw new PushMalformed('no ANNOUNCE');
  const description = parseSdp(new TextDecoder().decode(announce.body));
  const gathering = description.media.map((media): Gathering => ({ media, packets: [], timestamps: [] }));
  for (const item of items) {
    const target = item.kind === 'frame' ? gathering[item.channel >> 1] : undefined;
    if (item.kind === 'frame' && target) gather(target, item.channel % 2 === 1, item.payload);
  }
  return { description, tracks: alignedTracks(gathering) };
}

function* itemsOf(bytes: Uint8Array): Generator<RtspItem, undefined> {
  const reader = new RtspReader();
  for (let at = 0; at < bytes.length; at += sliceLength) yield* reader.push(bytes.subarray(at, at + sliceLength));
}

function gather(target: Gathering, isRtcp: boolean, payload: Uint8Array): void {
  if (!isRtcp) {
    const packet = parseRtp(payload);
    if (!packet) throw new PushMalformed('a packet that is not RTP');
    // Headers are made anew for each viewer, of the fixed part alone.
    if (packet.csrcs.length > 0 || packet.extension) throw new PushMalformed('a packet with more than a plain header');
    target.packets.push(payload);
    target.timestamps.push(packet.timestamp);
    return;
  }
  const report = parseRtcp(payload)?.find((packet) => packet.type === 'sender-report');
  if (report) target.report ??= { ntp: report.ntp, rtpTimestamp: report.rtpTimestamp };
}

function alignedTracks(gathering: readonly Gathering[]): RtpTrack[] {
  const epoch = gathering.find(({ report }) => report)?.report?.ntp ?? 0n;
  const raws = gathering.map(({ media, packets, timestamps, report }) => {
    const payloadType = Number(media.formats[0]);
    const map = rtpMapsOf(media).find((candidate) => candidate.payloadType === payloadType);
    const [first] = timestamps;
    if (!map || first === undefined) throw new PushMalformed(`no packets of the ${media.kind}`);
    // Where this medium's first packet lies on the clock that all media share (RFC 3550 6.4.1).
    const { ntp, rtpTimestamp } = report ?? { ntp: epoch, rtpTimestamp: first };
    const beginsAt = Number(ntp - epoch) / 2 ** 32 + ((first - rtpTimestamp) | 0) / map.clockRate;
    return { payloadType, map, packets, timestamps, first, beginsAt };
  });
  const zeroAt = Math.min(...raws.map(({ beginsAt }) => beginsAt));
  return raws.map(({ payloadType, map, packets, timestamps, first, beginsAt }) => {
    const zero = (first - Math.round((beginsAt - zeroAt) * map.clockRate)) >>> 0;
    const { clockRate, encoding } = map;
    const raw: RawTrack = { payloadType, clockRate, encoding, ...joined(packets), timestamps, zero };
    return trackOf(raw);
  });
}

function joined(packets: readonly Uint8Array[]): { bytes: Uint8Array; offsets: number[] } {
  const offsets = [0];
  let length = 0;
  for (const packet of packets) {
    length += packet.length;
    offsets.push(length);
  }
  const bytes = new Uint8Array(length);
  for (const [index, packet] of packets.entries()) bytes.set(packet, offsets[index]);
  return { bytes, offsets };
}
