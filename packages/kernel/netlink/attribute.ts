/** Attributes of one nest by type (linux/netlink.h, struct nlattr). */
export type Attributes = ReadonlyMap<number, Buffer>;

/** Bytes that are no netlink message or attribute; `offset` counts from the start of what was read. */
export class MalformedNetlink extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.name = 'MalformedNetlink';
    this.offset = offset;
  }
}

const typeMask = 0x3fff;
const headerLength = 4;

/** Attributes by type; of several with one type the last counts. Throws MalformedNetlink. */
export function readAttributes(bytes: Buffer): Attributes {
  const found = new Map<number, Buffer>();
  walk(bytes, (type, value) => found.set(type, value));
  return found;
}

/** The values of attributes in order, for lists of equal types. Throws MalformedNetlink. */
export function listAttributes(bytes: Buffer): Buffer[] {
  const list: Buffer[] = [];
  walk(bytes, (_, value) => list.push(value));
  return list;
}

function walk(bytes: Buffer, visit: (type: number, value: Buffer) => void): void {
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < headerLength) throw new MalformedNetlink('attribute header cut short', at);
    const length = bytes.readUInt16LE(at);
    if (length < headerLength || at + length > bytes.length) throw new MalformedNetlink('attribute length', at);
    visit(bytes.readUInt16LE(at + 2) & typeMask, bytes.subarray(at + headerLength, at + length));
    at += (length + 3) & ~3;
  }
}

/** An attribute's value. Throws MalformedNetlink where it is absent, or not of `length` bytes where that is given. */
export function need(attributes: Attributes, type: number, length?: number): Buffer {
  const value = attributes.get(type);
  if (!value) throw new MalformedNetlink(`attribute ${type} missing`, 0);
  if (length !== undefined && value.length !== length) throw new MalformedNetlink(`attribute ${type} length`, 0);
  return value;
}

/**
 * Unsigned 64-bit in network order, as nfnetlink counts milliseconds, packets and bytes; at most 2^53 - 1, which a number
 * holds exactly. Throws MalformedNetlink.
 */
export function needU64(attributes: Attributes, type: number): number {
  return Math.min(Number(need(attributes, type, 8).readBigUInt64BE()), Number.MAX_SAFE_INTEGER);
}
