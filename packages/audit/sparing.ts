import type { Clock, Instant } from '@sluice/model';

/** Whether a line is to be noted, and what is to be said with it of those that were not. */
export interface Spared {
  readonly isNoted: boolean;
  /** How many were left out since the last that was noted, where there were any. */
  readonly omitted?: number;
  /** The next ones are left out, until the stretch is over. */
  readonly moreOmitted?: true;
}

interface Stretch {
  readonly since: Instant;
  count: number;
  omitted: number;
}

/** Who a log may hear of no more, where there are too many. */
const mostKeys = 1_000;

/** Lets so many lines through in a stretch of time for each who causes them: a flood of refusals must not fill a disk. */
export class Sparing {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #stretchMs: number;
  readonly #stretches = new Map<string, Stretch>();

  constructor(clock: Clock, most: number, stretchMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#stretchMs = stretchMs;
  }

  /** Counts a line that `who` causes. */
  ask(who: string): Spared {
    const now = this.#clock.now();
    const before = this.#stretches.get(who);
    if (before && now - before.since < this.#stretchMs) {
      before.count++;
      if (before.count > this.#most) {
        before.omitted++;
        return { isNoted: false };
      }
      return before.count === this.#most ? { isNoted: true, moreOmitted: true } : { isNoted: true };
    }
    this.#stretches.delete(who);
    this.#stretches.set(who, { since: now, count: 1, omitted: 0 });
    for (const other of this.#stretches.keys()) {
      if (this.#stretches.size <= mostKeys) break;
      this.#stretches.delete(other);
    }
    return { isNoted: true, ...(before && before.omitted > 0 && { omitted: before.omitted }) };
  }
}
