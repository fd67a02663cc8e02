/** SCTP's part of a packet: one chunk, INIT or INIT ACK (RFC 9260 3.3.2, 3.3.3), the payload in a parameter that is passed over. */
export interface SctpFields {
  readonly chunk: 'init' | 'init-ack';
  /** The verification tag of the common header; 0 of an INIT. */
  readonly tag: number;
  /** What the other side is to put there. */
  readonly initiateTag: number;
}

/** An association's first packet. */
export const firstInit: SctpFields = { chunk: 'init', tag: 0, initiateTag: 1 };

const chunkType = { init: 1, 'init-ack': 2 } as const;
/** Unknown to everybody; its upper bits say that it is skipped in silence. */
const parameterType = 0x80ff;
const headLength = 12 + 4 + 16 + 4;

/** An SCTP packet with its ports and checksum. */
export function encodeSctp(from: number, to: number, payload: Uint8Array, fields: SctpFields): Buffer {
  const bytes = Buffer.alloc(headLength + Math.ceil(payload.length / 4) * 4);
  bytes.writeUInt16BE(from, 0);
  bytes.writeUInt16BE(to, 2);
  bytes.writeUInt32BE(fields.tag, 4);
  bytes.writeUInt8(chunkType[fields.chunk], 12);
  bytes.writeUInt16BE(headLength - 12 + payload.length, 14);
  bytes.writeUInt32BE(fields.initiateTag, 16);
  bytes.writeUInt32BE(0xffff, 20);
  bytes.writeUInt16BE(1, 24);
  bytes.writeUInt16BE(1, 26);
  bytes.writeUInt32BE(1, 28);
  bytes.writeUInt16BE(parameterType, 32);
  bytes.writeUInt16BE(4 + payload.length, 34);
  bytes.set(payload, headLength);
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

/** Reads what {@link encodeSctp} writes; undefined for any other SCTP. */
export function decodeSctp(bytes: Buffer): { readonly payload: Buffer; readonly sctp: SctpFields } | undefined {
  if (bytes.length < headLength) return undefined;
  const chunk = (['init', 'init-ack'] as const).find((name) => chunkType[name] === bytes[12]);
  const length = bytes.readUInt16BE(34) - 4;
  if (!chunk || bytes.readUInt16BE(32) !== parameterType || length < 0 || bytes.length < headLength + length)
    return undefined;
  const sctp = { chunk, tag: bytes.readUInt32BE(4), initiateTag: bytes.readUInt32BE(16) };
  return { payload: bytes.subarray(headLength, headLength + length), sctp };
}

/** The checksum of SCTP, over bytes in which its own are 0 (RFC 9260 appendix A). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
