import type { Instant } from '@sluice/model';

/** How often something may be done: `burst` times at once, and `perSecond` times a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * A bucket of tokens for each name: full at first, one taken for each act, filled again as time passes. One that is
 * full again is forgotten; beyond `mostNames` those that were quiet for longest are, so a flood of names takes no memory.
 */
export class TokenBuckets {
  readonly #burst: number;
  readonly #tokenMs: number;
  readonly #mostNames: number;
  /** When each bucket is full again (GCRA, ITU-T I.371); least recently used first. */
  readonly #fullAt = new Map<string, Instant>();

  constructor({ burst, perSecond }: Rate, mostNames = 100_000) {
    if (!(burst >= 1 && perSecond > 0)) throw new RangeError('a rate has a burst of 1 or more, and refills');
    this.#burst = burst;
    this.#tokenMs = 1_000 / perSecond;
    this.#mostNames = mostNames;
  }

  /** Names that are remembered now. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Milliseconds until `name` may act: 0 where it may at `now`. Takes nothing. */
  wait(name: string, now: Instant): number {
    const waitMs = this.#missingMs(name, now) - (this.#burst - 1) * this.#tokenMs;
    return Math.max(0, Math.ceil(waitMs - roundingMs));
  }

  /** As {@link wait}, and takes a token where there is one. */
  take(name: string, now: Instant): number {
    const waitMs = this.wait(name, now);
    if (waitMs === 0) this.#put(name, now + this.#missingMs(name, now) + this.#tokenMs, now);
    return waitMs;
  }

  /** Gives a token back: what it was taken for does not count. */
  giveBack(name: string, now: Instant): void {
    this.#put(name, now + this.#missingMs(name, now) - this.#tokenMs, now);
  }

  /** How long until the bucket is full. A clock that was set back neither fills nor empties it. */
  #missingMs(name: string, now: Instant): number {
    const missingMs = (this.#fullAt.get(name) ?? now) - now;
    return Math.min(Math.max(0, missingMs), this.#burst * this.#tokenMs);
  }

  #put(name: string, fullAt: Instant, now: Instant): void {
    this.#fullAt.delete(name);
    this.#fullAt.set(name, fullAt);
    for (const [oldest, at] of this.#fullAt) {
      if (this.#fullAt.size <= this.#mostNames && at > now) break;
      this.#fullAt.delete(oldest);
    }
  }
}

/** Fractions of a millisecond that come of adding thirds. */
const roundingMs = 1e-3;
