import type { Clock, Instant } from '@sluice/model';

/** Counts tries by who makes them: so many in a stretch of time, then no more until it is over. */
export class Attempts {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #stretchMs: number;
  readonly #tries = new Map<string, { since: Instant; count: number }>();

  constructor(clock: Clock, most: number, stretchMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#stretchMs = stretchMs;
  }

  /** Counts one; false where it is one too many. */
  mayTry(who: string): boolean {
    const now = this.#clock.now();
    const before = this.#tries.get(who);
    if (before && now - before.since < this.#stretchMs) return ++before.count <= this.#most;
    this.#tries.delete(who);
    this.#tries.set(who, { since: now, count: 1 });
    // Oldest first: what is over is let go of, and a flood of strangers takes no memory.
    for (const [other, { since }] of this.#tries) {
      if (now - since < this.#stretchMs && this.#tries.size <= mostKnown) break;
      this.#tries.delete(other);
    }
    return true;
  }
}

const mostKnown = 10_000;
