import type { Endpoint } from '@sluice/model';
import { looksLikeRtcp } from '@sluice/wire/rtp';
import type { SrtpReceiver } from '@sluice/wire/srtp';
import type { DatagramReceiver } from './rtp-receiver.ts';
import type { StreamCounts } from './statistics.ts';

interface Held {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly atMs: number;
}

/** Most octets of one stream that wait for the verdict: what a fast stream sends in a second. What comes beyond is lost. */
const mostHeld = 4 * 1024 * 1024;

/**
 * Takes the protection off what comes in on one UDP port. The server begins to send before this device has the verdict
 * and with it the key, so until then what comes from the stream's endpoint waits. What was not made with the key is
 * counted, and goes no further.
 */
export class ProtectedReceiver implements DatagramReceiver {
  readonly #inner: DatagramReceiver;
  readonly #remote: Endpoint;
  readonly #taken: (atMs: number) => void;
  #held: Held[] | undefined = [];
  #heldBytes = 0;
  #open: ((bytes: Uint8Array) => Uint8Array | string) | undefined;
  #unauthentic = 0;
  #replayed = 0;

  /** `taken` is told of each datagram that was the stream's, with the moment it came. */
  constructor(inner: DatagramReceiver, remote: Endpoint, taken: (atMs: number) => void) {
    this.#inner = inner;
    this.#remote = remote;
    this.#taken = taken;
  }

  take(bytes: Uint8Array, from: Endpoint, atMs: number): boolean {
    const isRemote = from.port === this.#remote.port && from.address === this.#remote.address;
    if (isRemote && this.#held) {
      this.#heldBytes += bytes.length;
      if (this.#heldBytes <= mostHeld) this.#held.push({ bytes, from, atMs });
      return false;
    }
    const opened = isRemote && this.#open ? this.#open(bytes) : bytes;
    if (typeof opened === 'string') {
      if (opened === 'replayed') this.#replayed++;
      else this.#unauthentic++;
      return false;
    }
    const isTaken = this.#inner.take(opened, from, atMs);
    if (isTaken) this.#taken(atMs);
    return isTaken;
  }

  /** The verdict is there: the stream is protected by `srtp`, or in the clear. `carries` is what its port is for. */
  settle(srtp: SrtpReceiver | undefined, carries: 'rtp' | 'rtcp' | 'both'): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (srtp) {
      this.#open = (bytes) => {
        const isRtcp = carries === 'rtcp' || (carries === 'both' && looksLikeRtcp(bytes));
        return isRtcp ? srtp.unprotectRtcp(bytes) : srtp.unprotectRtp(bytes);
      };
    }
    for (const { bytes, from, atMs } of held) this.take(bytes, from, atMs);
  }

  counts(): StreamCounts {
    const counts = this.#inner.counts();
    return this.#open ? { ...counts, unauthentic: this.#unauthentic, replayed: this.#replayed } : counts;
  }
}
