import type { SrtpSuite } from './suite.ts';
import { rtcpClearLength, type Transform } from './transform.ts';
import { transformOf } from './transform-of.ts';

const lastRtcpIndex = 2 ** 31 - 1;

/**
 * Protects what one source sends: RTP under rising sequence numbers, and RTCP. No index is ever used twice, which would
 * give the key stream away.
 */
export class SrtpSender {
  readonly #transform: Transform;
  #source: number | undefined;
  #sequence = 0;
  #rollover = 0;
  #rtcpIndex = 0;

  /** `master` is the master key and the master salt. Throws RangeError where its length is not the suite's. */
  constructor(suite: SrtpSuite, master: Uint8Array) {
    this.#transform = transformOf(suite, master);
  }

  /**
   * What follows the header in the datagram; the header itself, with CSRCs and extension, is sent as it is. The first
   * sequence number should be below 2^15, so that a receiver cannot be mistaken about the first wrap (RFC 3711 3.3.1).
   * Throws RangeError where it does not follow the one before, or the source is another.
   */
  protectRtp(header: Uint8Array, payload: Uint8Array): readonly Uint8Array[] {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const source = view.getUint32(8);
    const sequence = view.getUint16(2);
    if (this.#source !== undefined) {
      const ahead = (sequence - this.#sequence) & 0xffff;
      if (source !== this.#source) throw new RangeError('one key protects one source');
      if (ahead === 0 || ahead >= 0x8000) throw new RangeError(`sequence number ${sequence} after ${this.#sequence}`);
      if (sequence < this.#sequence) this.#rollover++;
    }
    this.#source = source;
    this.#sequence = sequence;
    return this.#transform.sealRtp(header, payload, this.#rollover);
  }

  /** The datagram for a compound. Throws RangeError where that is none, or after 2^31 of them. */
  protectRtcp(compound: Uint8Array): Uint8Array {
    if (compound.length < rtcpClearLength) throw new RangeError('an RTCP compound has a source');
    if (this.#rtcpIndex > lastRtcpIndex) throw new RangeError('the key is used up');
    return this.#transform.sealRtcp(compound, this.#rtcpIndex++);
  }
}
