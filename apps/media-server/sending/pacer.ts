import type { Cancel, Clock } from '@sluice/model';

/** Something that is sent bit by bit, at its own moments. */
export interface Paced {
  /** When the next bit is due, in ms of the pacer's clock; undefined: never again. */
  readonly dueMs: number | undefined;
  /** Sends the bit that was due. Never throws. */
  send(nowMs: number): void;
}

interface Entry {
  readonly paced: Paced;
  dueMs: number;
  gone: boolean;
}

/** Moments at which anything is sent lie this far apart, so that one timer serves all. */
const tickMs = 5;
/**
 * Most bits that one of them sends in one tick. After a pause of the process all are late; they catch up with at most so
 * many at once, which a receiver's socket buffer takes without loss.
 */
const mostAtOnce = 16;

/**
 * Gives everything that is being sent its turns. Due times are absolute on a clock that never jumps, so delays never
 * add up. One timer, set for the tick at or after the earliest due time; a heap finds that.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #heap: Entry[] = [];
  #timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;

  /** `clock` is monotonic. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The moment on the clock that due times are on. */
  nowMs(): number {
    return this.#clock.now();
  }

  /** Takes turns from now on; what is due already is sent before this returns. */
  add(paced: Paced): Cancel {
    const entry: Entry = { paced, dueMs: 0, gone: false };
    this.#serve(entry, this.#clock.now());
    this.#arm();
    return () => {
      entry.gone = true;
    };
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    const due: Entry[] = [];
    for (let top = this.#heap[0]; top && top.dueMs <= nowMs; top = this.#heap[0]) {
      this.#pop();
      due.push(top);
    }
    for (const entry of due) this.#serve(entry, nowMs);
    this.#arm();
  }

  #serve(entry: Entry, nowMs: number): void {
    const { paced } = entry;
    for (let sent = 0; sent < mostAtOnce; sent++) {
      const { dueMs } = paced;
      if (entry.gone || dueMs === undefined) return;
      if (dueMs > nowMs) break;
      paced.send(nowMs);
    }
    if (paced.dueMs === undefined) return;
    entry.dueMs = paced.dueMs;
    this.#push(entry);
  }

  #arm(): void {
    const top = this.#heap[0];
    if (!top) return;
    const nowMs = this.#clock.now();
    const atMs = Math.max(Math.ceil(top.dueMs / tickMs), Math.floor(nowMs / tickMs) + 1) * tickMs;
    if (this.#timer && this.#timer.atMs <= atMs) return;
    this.#timer?.cancel();
    // Timers count whole milliseconds and may not be early.
    this.#timer = { atMs, cancel: this.#clock.after(Math.ceil(atMs - nowMs), () => this.#tick()) };
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.dueMs <= entry.dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const entry = heap.pop();
    if (!entry || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const child = left && right && right.dueMs < left.dueMs ? 2 * at + 2 : 2 * at + 1;
      const below = heap[child];
      if (!below || below.dueMs >= entry.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}
