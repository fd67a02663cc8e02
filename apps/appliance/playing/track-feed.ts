import type { RtpHeader } from '@sluice/wire/rtp';
import { InOrder } from './in-order.ts';

/**
 * From one RTP stream's packets as they arrive to what a player is given: in sending order, and for video only whole
 * frames, so that a recording that ends in the middle of one ends with the frame before.
 */
export class TrackFeed {
  readonly #wholeFrames: boolean;
  readonly #order = new InOrder<{ readonly bytes: Uint8Array; readonly header: RtpHeader }>();
  #frame: Uint8Array[] = [];
  #timestamp = 0;

  /** `wholeFrames` where the marker means the last packet of a frame: video (RFC 6184 5.1). */
  constructor(wholeFrames: boolean) {
    this.#wholeFrames = wholeFrames;
  }

  /** The packets to hand on now. */
  push(bytes: Uint8Array, header: RtpHeader): readonly Uint8Array[] {
    const due: Uint8Array[] = [];
    for (const packet of this.#order.push(header.sequence, { bytes, header })) {
      if (!this.#wholeFrames) {
        due.push(packet.bytes);
        continue;
      }
      // The packet with the marker was lost: the next frame's first packet ends this one.
      if (this.#frame.length > 0 && packet.header.timestamp !== this.#timestamp) due.push(...this.#frame.splice(0));
      this.#timestamp = packet.header.timestamp;
      this.#frame.push(packet.bytes);
      if (packet.header.marker) due.push(...this.#frame.splice(0));
    }
    return due;
  }
}
