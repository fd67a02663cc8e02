import type { RtpHeader } from './packet.ts';
import type { ReportBlock } from './rtcp.ts';
import { shortNtp } from './rtcp.ts';

/** What one receiver got of one RTP source, as a frozen value. */
export interface Reception {
  /** Undefined until the first packet. */
  readonly ssrc?: number;
  /** From the first sequence number to the highest, counted (RFC 3550 A.3). */
  readonly expected: number;
  /** Every packet of the source that arrived, duplicates too. */
  readonly received: number;
  /** Sequence numbers never seen; 0 means no gap. */
  readonly lost: number;
  /** Arrived after one with a higher sequence number; not duplicates. */
  readonly reordered: number;
  readonly duplicates: number;
  /** Packets of other sources, not counted above. */
  readonly foreign: number;
  /** Times the source began anew with unrelated sequence numbers. */
  readonly restarts: number;
  /** Interarrival jitter in units of the clock rate (RFC 3550 A.8). */
  readonly jitter: number;
  /** First and highest sequence number since the last restart, extended by their wraps; undefined until the first packet. */
  readonly firstSequence?: number;
  readonly highestSequence?: number;
}

/** RFC 3550 A.1: a jump of this many or more is believed only when the packet after it follows on. */
const mostDropout = 3000;
const mostMisorder = 100;
const window = 0x10000;

/**
 * Keeps account of one RTP source at one receiver: sequence extension (RFC 3550 A.1), loss (A.3), jitter (A.8) and the
 * report block for RTCP. Reads no clock: the arrival time is an argument. There is no probation of new sources, since an
 * opening already names who may send. The first packet decides the source.
 */
export class ReceptionTally {
  readonly #clockRate: number;
  readonly #seen = new Uint32Array(window / 32);
  #ssrc: number | undefined;
  #first = 0;
  #highest = 0;
  /** Of eras before a restart of the source. */
  #expectedBefore = 0;
  #distinct = 0;
  #received = 0;
  #reordered = 0;
  #duplicates = 0;
  #foreign = 0;
  #restarts = 0;
  #jitter = 0;
  #lastTransit: number | undefined;
  #doubted: number | undefined;
  #senderReport: { readonly short: number; readonly arrivalMs: number } | undefined;
  #reported = { expected: 0, received: 0 };

  /** `clockRate` is the payload's, in Hz (90000 for video). */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** Counts one packet that arrived at `arrivalMs` of any clock that does not jump. False: it is of another source. */
  count(header: RtpHeader, arrivalMs: number): boolean {
    if (this.#ssrc === undefined) {
      this.#ssrc = header.ssrc;
      this.#begin(header.sequence);
    } else if (header.ssrc === this.#ssrc) this.#place(header.sequence);
    else {
      this.#foreign++;
      return false;
    }
    this.#received++;
    this.#measure(header.timestamp, arrivalMs);
    return true;
  }

  /** Notes a sender report of the source, for {@link reportBlock}. */
  noteSenderReport(ntp: bigint, arrivalMs: number): void {
    this.#senderReport = { short: shortNtp(ntp), arrivalMs };
  }

  /** The account so far. */
  reception(): Reception {
    const expected = this.#expected();
    const base = {
      expected,
      received: this.#received,
      lost: expected - this.#distinct,
      reordered: this.#reordered,
      duplicates: this.#duplicates,
      foreign: this.#foreign,
      restarts: this.#restarts,
      jitter: this.#jitter,
    };
    if (this.#ssrc === undefined) return base;
    return { ...base, ssrc: this.#ssrc, firstSequence: this.#first, highestSequence: this.#highest };
  }

  /** The block for the next RTCP report, sent at `nowMs`; undefined while nothing came. Loss shares count from the last call. */
  reportBlock(nowMs: number): ReportBlock | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.#expected();
    const expectedNow = expected - this.#reported.expected;
    const lostNow = expectedNow - (this.#received - this.#reported.received);
    this.#reported = { expected, received: this.#received };
    const last = this.#senderReport;
    return {
      ssrc: this.#ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0,
      lost: Math.max(-0x800000, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastSenderReport: last?.short ?? 0,
      delaySinceLast: last ? Math.round((nowMs - last.arrivalMs) * 65.536) >>> 0 : 0,
    };
  }

  #expected(): number {
    return this.#ssrc === undefined ? 0 : this.#expectedBefore + this.#highest - this.#first + 1;
  }

  #begin(sequence: number): void {
    this.#seen.fill(0);
    this.#first = sequence;
    this.#highest = sequence - 1;
    this.#advance(1);
  }

  #place(sequence: number): void {
    const ahead = (sequence - this.#highest) & 0xffff;
    const behind = -ahead & 0xffff;
    if (behind <= mostMisorder) this.#late(this.#highest - behind);
    else if (ahead < mostDropout) this.#advance(ahead);
    else if (this.#doubted !== sequence) this.#doubted = (sequence + 1) & 0xffff;
    else if (ahead < 0x8000) {
      // Two in a row after a jump forward: a gap, and all of it is lost but the one that was doubted.
      this.#advance(ahead - 1);
      this.#advance(1);
    } else {
      // Two in a row after a jump back: the source began anew.
      this.#expectedBefore = this.#expected();
      this.#restarts++;
      this.#begin((sequence - 1) & 0xffff);
      this.#advance(1);
    }
  }

  #advance(by: number): void {
    for (let i = 1; i < by; i++) this.#unmark(this.#highest + i);
    this.#highest += by;
    this.#mark(this.#highest);
    this.#doubted = undefined;
  }

  #late(extended: number): void {
    if (this.#isMarked(extended)) {
      this.#duplicates++;
      return;
    }
    this.#reordered++;
    this.#mark(extended);
    // Sent before the first that arrived: the account begins earlier than was thought.
    this.#first = Math.min(this.#first, extended);
  }

  #mark(extended: number): void {
    const slot = extended & 0xffff;
    this.#seen[slot >> 5] = (this.#seen[slot >> 5] ?? 0) | (1 << (slot & 31));
    this.#distinct++;
  }

  #unmark(extended: number): void {
    const slot = extended & 0xffff;
    this.#seen[slot >> 5] = (this.#seen[slot >> 5] ?? 0) & ~(1 << (slot & 31));
  }

  #isMarked(extended: number): boolean {
    const slot = extended & 0xffff;
    return ((this.#seen[slot >> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  #measure(timestamp: number, arrivalMs: number): void {
    const transit = (arrivalMs * this.#clockRate) / 1000 - timestamp;
    if (this.#lastTransit !== undefined) {
      // The timestamp wraps at 2^32; the difference of two transits does not.
      const wrapped = (transit - this.#lastTransit) % 2 ** 32;
      const distance = Math.min(Math.abs(wrapped), 2 ** 32 - Math.abs(wrapped));
      this.#jitter += (distance - this.#jitter) / 16;
    }
    this.#lastTransit = transit;
  }
}
