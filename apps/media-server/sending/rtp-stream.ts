import type { Endpoint } from '@sluice/model';
import { type ReportBlock, rtpHeaderLength, writeRtpIdentity } from '@sluice/wire/rtp';
import type { SrtpSender } from '@sluice/wire/srtp';
import type { RtpTrack } from '../contents/track.ts';
import type { Paced } from './pacer.ts';
import type { DatagramPort } from './ports.ts';
import type { Timeline } from './timeline.ts';

/** What makes one viewer's RTP stream different from every other's (RFC 3550 5.1: chosen at random). */
export interface RtpIdentity {
  /** 32 bits. */
  readonly ssrc: number;
  /** Of the first packet, 16 bits; below 2^15, so that nobody is mistaken about its first wrap (RFC 3711 3.3.1). */
  readonly sequence: number;
  /** Of the content's beginning, 32 bits. */
  readonly timestamp: number;
}

/** How one RTP stream is sent to one viewer. */
export interface RtpSending {
  readonly track: RtpTrack;
  readonly loopMs: number;
  /** What is due from then on is not sent; the frame that began before is sent whole. */
  readonly endMs: number;
  readonly port: DatagramPort;
  readonly to: Endpoint;
  readonly identity: RtpIdentity;
  readonly timeline: Timeline;
  /** Left out, it is sent in the clear. */
  readonly srtp?: SrtpSender | undefined;
}

/** One medium on its way to one viewer: the track's packets under the viewer's own sequence, timestamps and SSRC. */
export class RtpStream implements Paced {
  readonly #how: RtpSending;
  readonly #firstSent = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  /** Headers that are in no datagram under way. */
  readonly #freeHeaders: Uint8Array[] = [];
  #index = 0;
  #loop = 0;
  #attempts = 0;
  #over = false;
  #lastTimestamp: number | undefined;
  #packets = 0;
  #octets = 0;
  #bytes = 0;
  #failed = 0;
  /** What the viewer said last of its reception. */
  report: ReportBlock | undefined;

  constructor(how: RtpSending) {
    this.#how = how;
    // Nobody may be waiting when it fails.
    this.#firstSent.promise.catch(() => {});
  }

  get dueMs(): number | undefined {
    if (this.#over) return undefined;
    return this.#how.timeline.clockMs(this.#mediaMs());
  }

  get identity(): RtpIdentity {
    return this.#how.identity;
  }

  /** Datagrams handed to the kernel. */
  get packetsSent(): number {
    return this.#packets;
  }

  /** Octets of those datagrams before protection, RTP headers included. */
  get bytesSent(): number {
    return this.#bytes;
  }

  /** Payload octets, as sender reports count them. */
  get octetsSent(): number {
    return this.#octets;
  }

  /** Datagrams that the kernel did not take. */
  get failed(): number {
    return this.#failed;
  }

  /** Resolves when the first packet is with the kernel; rejects when the kernel refuses it. */
  get firstSent(): Promise<void> {
    return this.#firstSent.promise;
  }

  /** Resolves after the last packet, or `stop`. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** The RTP timestamp that belongs to a moment of the pacer's clock, for sender reports. */
  timestampAt(nowMs: number): number {
    const { track, timeline, identity } = this.#how;
    const ticks = Math.round((timeline.mediaMs(nowMs) * track.clockRate) / 1000);
    return (identity.timestamp + ticks) >>> 0;
  }

  send(nowMs: number): void {
    const { track, timeline, port, to, identity, endMs, srtp } = this.#how;
    const timestamp = this.#timestamp();
    const newFrame = timestamp !== this.#lastTimestamp;
    if (newFrame && this.#mediaMs() >= endMs) {
      this.stop();
      return;
    }
    timeline.sentAt(nowMs, timeline.clockMs(this.#mediaMs()));
    this.#lastTimestamp = timestamp;
    const start = track.offsets[this.#index] ?? 0;
    const end = track.offsets[this.#index + 1] ?? start;
    const header = this.#freeHeaders.pop() ?? new Uint8Array(rtpHeaderLength);
    header[0] = track.bytes[start] ?? 0x80;
    header[1] = track.bytes[start + 1] ?? 0;
    writeRtpIdentity(header, identity.sequence + this.#attempts++, timestamp, identity.ssrc);
    const payload = track.bytes.subarray(start + rtpHeaderLength, end);
    port.send([header, ...(srtp?.protectRtp(header, payload) ?? [payload])], to, (error) => {
      this.#freeHeaders.push(header);
      if (error) {
        this.#failed++;
        this.#firstSent.reject(error);
        return;
      }
      this.#packets++;
      this.#bytes += end - start;
      this.#octets += end - start - rtpHeaderLength;
      this.#firstSent.resolve();
    });
    if (++this.#index >= track.dueMs.length) {
      this.#index = 0;
      this.#loop++;
    }
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#over = true;
    this.#firstSent.resolve();
    this.#done.resolve();
  }

  #mediaMs(): number {
    return this.#loop * this.#how.loopMs + (this.#how.track.dueMs[this.#index] ?? 0);
  }

  #timestamp(): number {
    const { track, loopMs, identity } = this.#how;
    // From the loop's number, not from loop to loop: rounding must not add up and part sound from picture.
    const looped = Math.round((this.#loop * loopMs * track.clockRate) / 1000);
    return (identity.timestamp + looped + (track.timestamps[this.#index] ?? 0)) % 2 ** 32;
  }
}
