import { createHmac, timingSafeEqual } from 'node:crypto';
import { attribute } from './values.ts';

const headerBytes = 20;
const integrityBytes = 24;

/** One attribute: type and value, without padding. */
export interface StunAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** A STUN message. */
export interface StunMessage {
  readonly type: number;
  /** 16 octets: RFC 3489's whole id, or RFC 8489's magic cookie and its 12. */
  readonly transaction: Uint8Array;
  readonly attributes: readonly StunAttribute[];
}

/** Reads a datagram; undefined where it is no STUN message. */
export function parseStun(bytes: Uint8Array): StunMessage | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The first two bits are zero (RFC 8489 5); lengths count whole words.
  if (bytes.length < headerBytes || bytes.length > 1_500 || ((bytes[0] ?? 0) & 0xc0) !== 0) return undefined;
  if (view.getUint16(2) !== bytes.length - headerBytes || bytes.length % 4 !== 0) return undefined;
  const attributes: StunAttribute[] = [];
  for (let at = headerBytes; at < bytes.length; ) {
    const length = view.getUint16(at + 2);
    const begin = at + 4;
    if (begin + length > bytes.length) return undefined;
    attributes.push({ type: view.getUint16(at), value: Uint8Array.from(bytes.subarray(begin, begin + length)) });
    at = begin + Math.ceil(length / 4) * 4;
  }
  return { type: view.getUint16(0), transaction: Uint8Array.from(bytes.subarray(4, headerBytes)), attributes };
}

/** Writes a message, with MESSAGE-INTEGRITY at its end where a key is given (RFC 8489 14.5). */
export function buildStun({ type, transaction, attributes }: StunMessage, key?: string): Uint8Array {
  const parts = attributes.map((each) => {
    const part = Buffer.alloc(4 + Math.ceil(each.value.length / 4) * 4);
    part.writeUInt16BE(each.type, 0);
    part.writeUInt16BE(each.value.length, 2);
    part.set(each.value, 4);
    return part;
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0) + (key === undefined ? 0 : integrityBytes);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(length, 2);
  header.set(transaction, 4);
  const message = Buffer.concat([header, ...parts]);
  if (key === undefined) return message;
  const integrity = Buffer.alloc(4);
  integrity.writeUInt16BE(attribute.messageIntegrity, 0);
  integrity.writeUInt16BE(20, 2);
  return Buffer.concat([message, integrity, createHmac('sha1', key).update(message).digest()]);
}

/**
 * Whether the datagram ends in a MESSAGE-INTEGRITY made with `key`, over its text as it is (RFC 8489), or filled up
 * with zeros to whole blocks of 64 octets as RFC 3489 11.2.8 has it.
 */
export function integrityHolds(bytes: Uint8Array, key: string): boolean {
  const end = bytes.length - integrityBytes;
  if (end < headerBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(end) !== attribute.messageIntegrity || view.getUint16(end + 2) !== 20) return false;
  const text = bytes.subarray(0, end);
  const filled = Buffer.concat([text, Buffer.alloc((64 - (end % 64)) % 64)]);
  const told = bytes.subarray(end + 4);
  return [text, filled].some((each) => timingSafeEqual(createHmac('sha1', key).update(each).digest(), told));
}
