/** What a receiver says of one source (RFC 3550 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Share lost since the last report, in 1/256, 0..255. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, -8388608..8388607; duplicates make it negative. */
  readonly lost: number;
  /** Highest sequence number received, extended by its count of wraps, 32 bits. */
  readonly highestSequence: number;
  /** In units of the payload's clock rate. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0 for none. */
  readonly lastSenderReport: number;
  /** Between receiving that report and sending this one, in 1/65536 s. */
  readonly delaySinceLast: number;
}

/** One packet of a compound RTCP datagram. */
export type RtcpPacket =
  | {
      readonly type: 'sender-report';
      readonly ssrc: number;
      /** NTP time, 64 bits: seconds since 1900 and their fraction. See {@link ntpOf}. */
      readonly ntp: bigint;
      readonly rtpTimestamp: number;
      readonly packets: number;
      /** Payload octets sent, without headers and padding. */
      readonly octets: number;
      readonly reports: readonly ReportBlock[];
    }
  | { readonly type: 'receiver-report'; readonly ssrc: number; readonly reports: readonly ReportBlock[] }
  | { readonly type: 'source-description'; readonly chunks: readonly SourceDescription[] }
  | { readonly type: 'goodbye'; readonly ssrcs: readonly number[]; readonly reason?: string }
  /** APP, feedback, extended reports, ...: the octets after the 4-octet header, padding included. */
  | { readonly type: 'other'; readonly packetType: number; readonly count: number; readonly body: Uint8Array };

/** What a source says of itself; item type 1 is CNAME (RFC 3550 6.5). */
export interface SourceDescription {
  readonly ssrc: number;
  /** Texts are UTF-8 of at most 255 octets. */
  readonly items: readonly { readonly type: number; readonly text: string }[];
}

/** SDES item type of the canonical name (RFC 3550 6.5.1). */
export const canonicalName = 1;

const senderReport = 200;
const receiverReport = 201;
const sourceDescription = 202;
const goodbye = 203;
const blockLength = 24;

/** Reads a compound RTCP datagram (reduced size, RFC 5506, too); undefined if any of it is malformed. */
export function parseRtcp(bytes: Uint8Array): readonly RtcpPacket[] | undefined {
  if (bytes.length < 4) return undefined;
  const view = viewOf(bytes);
  const packets: RtcpPacket[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 4 > bytes.length) return undefined;
    const first = view.getUint8(offset);
    const end = offset + 4 + view.getUint16(offset + 2) * 4;
    if (first >> 6 !== 2 || end > bytes.length) return undefined;
    // RFC 3550 6.4.1: only the last packet of a compound may be padded.
    const padded = (first & 0x20) !== 0;
    const padding = padded ? view.getUint8(end - 1) : 0;
    if (padded && (end !== bytes.length || padding === 0 || padding % 4 || offset + 4 + padding > end))
      return undefined;
    const packet = readPacket(bytes.subarray(offset, end), first & 0x1f, padding);
    if (!packet) return undefined;
    packets.push(packet);
    offset = end;
  }
  return packets;
}

/** The octets of a compound datagram. Throws RangeError where a count or text does not fit its field. */
export function buildRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  const parts = packets.map(buildPacket);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** NTP time (RFC 5905) of a moment in milliseconds since 1970. */
export function ntpOf(unixMs: number): bigint {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor(((unixMs - seconds * 1000) / 1000) * 2 ** 32);
  return (BigInt(seconds + 2_208_988_800) << 32n) | BigInt(fraction);
}

/** The middle 32 bits of an NTP time, as report blocks name a sender report. */
export function shortNtp(ntp: bigint): number {
  return Number((ntp >> 16n) & 0xffffffffn);
}

function readPacket(bytes: Uint8Array, count: number, padding: number): RtcpPacket | undefined {
  const view = viewOf(bytes);
  const packetType = view.getUint8(1);
  const end = bytes.length - padding;
  switch (packetType) {
    case senderReport: {
      const reports = readBlocks(view, 28, count, end);
      if (!reports) return undefined;
      return {
        type: 'sender-report',
        ssrc: view.getUint32(4),
        ntp: view.getBigUint64(8),
        rtpTimestamp: view.getUint32(16),
        packets: view.getUint32(20),
        octets: view.getUint32(24),
        reports,
      };
    }
    case receiverReport: {
      const reports = readBlocks(view, 8, count, end);
      return reports && { type: 'receiver-report', ssrc: view.getUint32(4), reports };
    }
    case sourceDescription:
      return readDescription(bytes, count, end);
    case goodbye:
      return readGoodbye(bytes, count, end);
    default:
      return { type: 'other', packetType, count, body: bytes.subarray(4) };
  }
}

function readBlocks(view: DataView, start: number, count: number, end: number): ReportBlock[] | undefined {
  if (start + count * blockLength > end) return undefined;
  const blocks: ReportBlock[] = [];
  for (let offset = start; blocks.length < count; offset += blockLength) {
    blocks.push({
      ssrc: view.getUint32(offset),
      fractionLost: view.getUint8(offset + 4),
      lost: (view.getInt32(offset + 4) << 8) >> 8,
      highestSequence: view.getUint32(offset + 8),
      jitter: view.getUint32(offset + 12),
      lastSenderReport: view.getUint32(offset + 16),
      delaySinceLast: view.getUint32(offset + 20),
    });
  }
  return blocks;
}

function readDescription(bytes: Uint8Array, count: number, end: number): RtcpPacket | undefined {
  const view = viewOf(bytes);
  const chunks: SourceDescription[] = [];
  let offset = 4;
  while (chunks.length < count) {
    if (offset + 8 > end) return undefined;
    const ssrc = view.getUint32(offset);
    const items: { type: number; text: string }[] = [];
    offset += 4;
    for (;;) {
      if (offset >= end) return undefined;
      const type = view.getUint8(offset++);
      if (type === 0) break;
      if (offset >= end) return undefined;
      const length = view.getUint8(offset++);
      if (offset + length > end) return undefined;
      items.push({ type, text: decoder.decode(bytes.subarray(offset, offset + length)) });
      offset += length;
    }
    offset = (offset + 3) & ~3;
    if (offset > end) return undefined;
    chunks.push({ ssrc, items });
  }
  return { type: 'source-description', chunks };
}

function readGoodbye(bytes: Uint8Array, count: number, end: number): RtcpPacket | undefined {
  const view = viewOf(bytes);
  const reasonAt = 4 + count * 4;
  if (reasonAt > end) return undefined;
  const ssrcs: number[] = [];
  for (let offset = 4; offset < reasonAt; offset += 4) ssrcs.push(view.getUint32(offset));
  if (reasonAt === end) return { type: 'goodbye', ssrcs };
  const length = view.getUint8(reasonAt);
  if (reasonAt + 1 + length > end) return undefined;
  return { type: 'goodbye', ssrcs, reason: decoder.decode(bytes.subarray(reasonAt + 1, reasonAt + 1 + length)) };
}

function buildPacket(packet: RtcpPacket): Uint8Array {
  switch (packet.type) {
    case 'sender-report': {
      const bytes = begin(senderReport, packet.reports.length, 28 + packet.reports.length * blockLength);
      const view = viewOf(bytes);
      view.setUint32(4, packet.ssrc);
      view.setBigUint64(8, packet.ntp);
      view.setUint32(16, packet.rtpTimestamp);
      view.setUint32(20, packet.packets);
      view.setUint32(24, packet.octets);
      writeBlocks(view, 28, packet.reports);
      return bytes;
    }
    case 'receiver-report': {
      const bytes = begin(receiverReport, packet.reports.length, 8 + packet.reports.length * blockLength);
      viewOf(bytes).setUint32(4, packet.ssrc);
      writeBlocks(viewOf(bytes), 8, packet.reports);
      return bytes;
    }
    case 'source-description':
      return buildDescription(packet.chunks);
    case 'goodbye': {
      const reason = packet.reason === undefined ? undefined : shortText(packet.reason);
      const bytes = begin(goodbye, packet.ssrcs.length, 4 + packet.ssrcs.length * 4 + (reason ? 1 + reason.length : 0));
      for (const [index, ssrc] of packet.ssrcs.entries()) viewOf(bytes).setUint32(4 + index * 4, ssrc);
      if (reason) {
        bytes[4 + packet.ssrcs.length * 4] = reason.length;
        bytes.set(reason, 5 + packet.ssrcs.length * 4);
      }
      return bytes;
    }
    case 'other': {
      if (packet.body.length % 4) throw new RangeError('an RTCP packet is whole 32-bit words');
      const bytes = begin(packet.packetType, packet.count, 4 + packet.body.length);
      bytes.set(packet.body, 4);
      return bytes;
    }
  }
}

function buildDescription(chunks: readonly SourceDescription[]): Uint8Array {
  const texts = chunks.map((chunk) => chunk.items.map((item) => ({ type: item.type, octets: shortText(item.text) })));
  // Each chunk ends with one to four zero octets that bring it to a 32-bit boundary.
  const lengths = texts.map((items) => 4 + items.reduce((sum, item) => sum + 2 + item.octets.length, 0));
  const padded = lengths.map((length) => (length + 4) & ~3);
  const bytes = begin(sourceDescription, chunks.length, 4 + padded.reduce((sum, length) => sum + length, 0));
  let start = 4;
  for (const [index, chunk] of chunks.entries()) {
    viewOf(bytes).setUint32(start, chunk.ssrc);
    let offset = start + 4;
    for (const item of texts[index] ?? []) {
      if (item.type < 1 || item.type > 255) throw new RangeError(`SDES item type out of range: ${item.type}`);
      bytes[offset++] = item.type;
      bytes[offset++] = item.octets.length;
      bytes.set(item.octets, offset);
      offset += item.octets.length;
    }
    start += padded[index] ?? 0;
  }
  return bytes;
}

function writeBlocks(view: DataView, start: number, blocks: readonly ReportBlock[]): void {
  for (const [index, block] of blocks.entries()) {
    const offset = start + index * blockLength;
    view.setUint32(offset, block.ssrc);
    view.setInt32(offset + 4, Math.max(-0x800000, Math.min(0x7fffff, block.lost)));
    view.setUint8(offset + 4, block.fractionLost);
    view.setUint32(offset + 8, block.highestSequence);
    view.setUint32(offset + 12, block.jitter);
    view.setUint32(offset + 16, block.lastSenderReport);
    view.setUint32(offset + 20, block.delaySinceLast);
  }
}

function begin(packetType: number, count: number, length: number): Uint8Array {
  if (count > 31) throw new RangeError(`more than 31 entries in one RTCP packet: ${count}`);
  const words = (length + 3) >> 2;
  if (words > 0x10000) throw new RangeError('RTCP packet too long');
  const bytes = new Uint8Array(words * 4);
  bytes[0] = 0x80 | count;
  bytes[1] = packetType;
  viewOf(bytes).setUint16(2, words - 1);
  return bytes;
}

// U+FEFF at the start of a text is part of it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

function shortText(text: string): Uint8Array {
  const octets = encoder.encode(text);
  if (octets.length > 255) throw new RangeError(`text of more than 255 octets in RTCP: ${octets.length}`);
  return octets;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
