import type { Cancel, Clock, Instant } from '@sluice/model';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, act) {
    // Node's timers overflow at 2^31 ms; a longer wait is no use of ours but must not fire at once.
    const timer = setTimeout(act, Math.min(delayMs, 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** A clock for tests: time stands still until told to pass. */
export class VirtualClock implements Clock {
  #now: Instant;
  #waiting: { at: Instant; act: () => void }[] = [];

  constructor(start: Instant = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(delayMs: number, act: () => void): Cancel {
    const entry = { at: this.#now + delayMs, act };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Lets `ms` pass, running what falls due in order, each followed by a turn of the event loop. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiting.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}
