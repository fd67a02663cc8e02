import { type Head, headLength } from './message.ts';

const attributeHead = 4;
const nestedFlag = 0x8000;

/** A message to be sent: its head without what the socket fills in, and what writes its attributes. */
export interface Request extends Pick<Head, 'type' | 'flags' | 'family'> {
  readonly write: (writer: NetlinkWriter) => void;
}

/**
 * Writes netfilter netlink messages one after another into one growing buffer. Headers are little-endian, the host's
 * order on the machines we run on (x64, arm64); values are network order where the kernel wants it.
 */
export class NetlinkWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = Buffer.alloc(capacity);
  }

  /** Everything written so far. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A message whose attributes `write` writes. */
  message(head: Head, write: () => void = () => {}): void {
    const start = this.#grow(headLength.netlink + headLength.netfilter);
    this.#bytes.writeUInt16LE(head.type, start + 4);
    this.#bytes.writeUInt16LE(head.flags, start + 6);
    this.#bytes.writeUInt32LE(head.sequence, start + 8);
    this.#bytes.writeUInt8(head.family, start + headLength.netlink);
    this.#bytes.writeUInt16BE(head.resource ?? 0, start + headLength.netlink + 2);
    write();
    this.#bytes.writeUInt32LE(this.#length - start, start);
  }

  /** An attribute whose value is the attributes that `write` writes. At most 65,535 bytes. */
  nested(type: number, write: () => void): void {
    const start = this.#grow(attributeHead);
    this.#bytes.writeUInt16LE(type | nestedFlag, start + 2);
    write();
    this.#bytes.writeUInt16LE(this.#length - start, start);
  }

  attribute(type: number, value: Uint8Array): void {
    const at = this.#reserve(type, value.length);
    this.#bytes.set(value, at);
  }

  /** A name, ASCII, with its closing NUL. */
  text(type: number, text: string): void {
    const at = this.#reserve(type, text.length + 1);
    // Names are short: a loop is three times as fast as the encoder.
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i) & 0x7f;
  }

  /** Unsigned, network order. */
  u32(type: number, value: number): void {
    const at = this.#reserve(type, 4);
    this.#bytes.writeUInt32BE(value, at);
  }

  /** Unsigned, network order; milliseconds, packets, bytes. */
  u64(type: number, value: number): void {
    const at = this.#reserve(type, 8);
    this.#bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
    this.#bytes.writeUInt32BE(value % 2 ** 32, at + 4);
  }

  /** Room for an attribute's value, its header written; where the value starts. */
  #reserve(type: number, length: number): number {
    const start = this.#grow(attributeHead + length);
    this.#bytes.writeUInt16LE(attributeHead + length, start);
    this.#bytes.writeUInt16LE(type, start + 2);
    return start + attributeHead;
  }

  /** Zeroed room, padded to 4 bytes; where it starts. */
  #grow(length: number): number {
    const start = this.#length;
    this.#length += (length + 3) & ~3;
    if (this.#length > this.#bytes.length) {
      const bigger = Buffer.alloc(Math.max(this.#length, this.#bytes.length * 2));
      bigger.set(this.#bytes.subarray(0, start));
      this.#bytes = bigger;
    }
    return start;
  }
}
