/** One RTP packet (RFC 3550 5.1). */
export interface RtpPacket {
  /** 0..127 (RFC 3551). */
  readonly payloadType: number;
  /** Profile-defined mark: last packet of a video frame, first of a talk spurt. */
  readonly marker: boolean;
  /** 0..65535, one more for each packet sent. */
  readonly sequence: number;
  /** Sampling instant in units of the payload's clock rate, 32 bits unsigned. */
  readonly timestamp: number;
  /** Synchronisation source, 32 bits unsigned. */
  readonly ssrc: number;
  /** Contributing sources, at most 15. */
  readonly csrcs: readonly number[];
  /** Header extension: 16 bits of profile, then whole 32-bit words. */
  readonly extension?: { readonly profile: number; readonly data: Uint8Array };
  /** A view into the bytes it was parsed from. */
  readonly payload: Uint8Array;
  /** Octets of padding at the end, its count octet included; 0 for none. */
  readonly padding: number;
}

/** The part of an RTP header that reception accounting needs. */
export type RtpHeader = Pick<RtpPacket, 'payloadType' | 'marker' | 'sequence' | 'timestamp' | 'ssrc'>;

/** Octets of an RTP header without CSRCs and extension. */
export const rtpHeaderLength = 12;

/** Reads a datagram as RTP; undefined if it is not well-formed RTP version 2. */
export function parseRtp(bytes: Uint8Array): RtpPacket | undefined {
  const header = parseRtpHeader(bytes);
  if (!header) return undefined;
  const view = viewOf(bytes);
  const first = view.getUint8(0);
  let offset = rtpHeaderLength;
  const csrcs: number[] = [];
  for (let i = 0; i < (first & 0x0f); i++, offset += 4) {
    if (offset + 4 > bytes.length) return undefined;
    csrcs.push(view.getUint32(offset));
  }
  let extension: RtpPacket['extension'];
  if (first & 0x10) {
    if (offset + 4 > bytes.length) return undefined;
    const length = view.getUint16(offset + 2) * 4;
    if (offset + 4 + length > bytes.length) return undefined;
    extension = { profile: view.getUint16(offset), data: bytes.subarray(offset + 4, offset + 4 + length) };
    offset += 4 + length;
  }
  const padding = first & 0x20 ? view.getUint8(bytes.length - 1) : 0;
  if (first & 0x20 && (padding === 0 || offset + padding > bytes.length)) return undefined;
  const payload = bytes.subarray(offset, bytes.length - padding);
  return extension ? { ...header, csrcs, extension, payload, padding } : { ...header, csrcs, payload, padding };
}

/** Reads the fixed header only, without looking at CSRCs, extension and padding; undefined if it is not RTP version 2. */
export function parseRtpHeader(bytes: Uint8Array): RtpHeader | undefined {
  if (bytes.length < rtpHeaderLength) return undefined;
  const view = viewOf(bytes);
  if (view.getUint8(0) >> 6 !== 2) return undefined;
  const second = view.getUint8(1);
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
  };
}

/** The octets of a packet. Throws RangeError where a field is out of its range. */
export function buildRtp(packet: RtpPacket): Uint8Array {
  const { csrcs, extension, payload, padding } = packet;
  if (csrcs.length > 15) throw new RangeError(`more than 15 CSRCs: ${csrcs.length}`);
  if (extension && extension.data.length % 4) throw new RangeError('an RTP extension is whole 32-bit words');
  if (!inBits(padding, 8)) throw new RangeError(`padding out of range: ${padding}`);
  if (!inBits(packet.payloadType, 7)) throw new RangeError(`payload type out of range: ${packet.payloadType}`);
  const extensionLength = extension ? 4 + extension.data.length : 0;
  const bytes = new Uint8Array(rtpHeaderLength + csrcs.length * 4 + extensionLength + payload.length + padding);
  const view = viewOf(bytes);
  view.setUint8(0, 0x80 | (padding ? 0x20 : 0) | (extension ? 0x10 : 0) | csrcs.length);
  view.setUint8(1, (packet.marker ? 0x80 : 0) | packet.payloadType);
  writeRtpIdentity(bytes, packet.sequence, packet.timestamp, packet.ssrc);
  let offset = rtpHeaderLength;
  for (const csrc of csrcs) {
    view.setUint32(offset, csrc);
    offset += 4;
  }
  if (extension) {
    view.setUint16(offset, extension.profile);
    view.setUint16(offset + 2, extension.data.length / 4);
    bytes.set(extension.data, offset + 4);
    offset += extensionLength;
  }
  bytes.set(payload, offset);
  if (padding) view.setUint8(bytes.length - 1, padding);
  return bytes;
}

/**
 * Overwrites sequence number, timestamp and SSRC of a packet in place: what one sender changes for each of its
 * receivers. Values are taken modulo their width. `bytes` is at least {@link rtpHeaderLength} long.
 */
export function writeRtpIdentity(bytes: Uint8Array, sequence: number, timestamp: number, ssrc: number): void {
  bytes[2] = sequence >>> 8;
  bytes[3] = sequence;
  bytes[4] = timestamp >>> 24;
  bytes[5] = timestamp >>> 16;
  bytes[6] = timestamp >>> 8;
  bytes[7] = timestamp;
  bytes[8] = ssrc >>> 24;
  bytes[9] = ssrc >>> 16;
  bytes[10] = ssrc >>> 8;
  bytes[11] = ssrc;
}

/**
 * Whether a datagram on a port shared by RTP and RTCP is RTCP: its second octet is 192..223 (RFC 5761 4).
 * False for what is neither.
 */
export function looksLikeRtcp(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return bytes.length >= 8 && first >> 6 === 2 && second >= 192 && second <= 223;
}

function inBits(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
