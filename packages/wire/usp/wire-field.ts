import type { WireFailure } from './failure.ts';

/** Protobuf wire types that proto3 uses. */
export const wireType = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** One field of a protobuf message as it lies in the bytes. */
export interface WireField {
  readonly number: number;
  readonly type: number;
  /** First and one past the last byte of the content (after the length, where there is one). */
  readonly start: number;
  readonly end: number;
}

/** Most bytes of a tag: it is a varint of 32 bits, also where it says a small number. Decoders refuse longer ones. */
const mostTagBytes = 5;

/**
 * Reads the field at `pos`; `limit` is the end of the message it is in.
 * Groups (wire types 3 and 4) are not part of proto3 and count as malformed.
 */
export function readWireField(bytes: Uint8Array, pos: number, limit: number): WireField | WireFailure {
  const tag = readVarint(bytes, pos, limit);
  if (typeof tag !== 'number') return tag;
  const start = pos + varintLength(bytes, pos);
  if (start - pos > mostTagBytes) return failure('wire-format', `a tag of more than ${mostTagBytes} bytes`, pos);
  const number = Math.floor(tag / 8);
  const type = tag % 8;
  if (number < 1 || number > 0x1fffffff) return failure('wire-format', 'field number out of range', pos);
  switch (type) {
    case wireType.varint: {
      const value = readVarint(bytes, start, limit);
      if (typeof value !== 'number') return value;
      return { number, type, start, end: start + varintLength(bytes, start) };
    }
    case wireType.fixed64:
      return bounded(number, type, start, start + 8, limit);
    case wireType.fixed32:
      return bounded(number, type, start, start + 4, limit);
    case wireType.length: {
      const length = readVarint(bytes, start, limit);
      if (typeof length !== 'number') return length;
      const content = start + varintLength(bytes, start);
      return bounded(number, type, content, content + length, limit);
    }
    default:
      return failure('wire-format', `wire type ${type}`, pos);
  }
}

/** The value of a varint of at most ten bytes; beyond 2^53 it is only known to be large. */
export function readVarint(bytes: Uint8Array, pos: number, limit: number): number | WireFailure {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    if (pos + i >= limit) return failure('truncated', 'the bytes end inside a number', pos);
    const byte = bytes[pos + i] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  return failure('wire-format', 'a number of more than ten bytes', pos);
}

function varintLength(bytes: Uint8Array, pos: number): number {
  let length = 1;
  while ((bytes[pos + length - 1] ?? 0) >= 0x80) length++;
  return length;
}

function bounded(number: number, type: number, start: number, end: number, limit: number): WireField | WireFailure {
  if (end > limit) return failure('truncated', 'the bytes end inside a field', start);
  return { number, type, start, end };
}

function failure(reason: WireFailure['reason'], message: string, offset: number): WireFailure {
  return { reason, message, offset };
}
