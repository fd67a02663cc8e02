import type { Cancel, Clock, Instant } from '@sluice/model';
import { promise } from '../target.ts';

interface Waiting {
  readonly at: Instant;
  readonly act: () => void;
}

/** A clock that goes on within one call, for targets that answer at once. */
export class StepClock implements Clock {
  #now: Instant;
  readonly #waiting = new Set<Waiting>();

  constructor(start: Instant = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(delayMs: number, act: () => void): Cancel {
    promise(!Number.isNaN(delayMs), 'a timer runs for a time');
    const waiting = { at: this.#now + delayMs, act };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  /** Runs what falls due within `ms`, in order; more than `most` timers break a promise. */
  pass(ms: number, most: number): void {
    const end = this.#now + ms;
    for (let count = 0; ; count++) {
      let next: Waiting | undefined;
      for (const waiting of this.#waiting) if (waiting.at <= end && waiting.at < (next?.at ?? Infinity)) next = waiting;
      if (!next) break;
      promise(count < most, `no more than ${most} timers run within ${ms} ms`);
      this.#waiting.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = end;
  }
}
