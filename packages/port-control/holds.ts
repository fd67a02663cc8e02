import type { Instant } from '@sluice/model';

/** Longest that an error is heeded, seconds: the standard's long error lifetime (RFC 6887 7.4). */
const longestHold = 1_800;

/** Errors kept at most; who asks that much has other troubles. */
const mostKept = 1_000;

interface Held<Answer> {
  readonly until: Instant;
  readonly answer: Answer;
}

/** Errors that hold for a while: what was refused is not asked again before its error's lifetime is over (RFC 6887 7.4). */
export class ErrorHolds<Answer> {
  readonly #held = new Map<string, Held<Answer>>();

  /** Keeps an error to what `request` asks; 0 seconds hold nothing. */
  keep(request: string, answer: Answer, lifetimeSeconds: number, now: Instant): void {
    this.#forgetEnded(now);
    this.#held.delete(request);
    if (lifetimeSeconds <= 0 || this.#held.size >= mostKept) return;
    this.#held.set(request, { answer, until: now + Math.min(lifetimeSeconds, longestHold) * 1_000 });
  }

  /** The error that `request` would meet again; undefined where it may be asked. */
  of(request: string, now: Instant): Answer | undefined {
    const held = this.#held.get(request);
    return held && now < held.until ? held.answer : undefined;
  }

  /** The gateway began anew: what it refused before says nothing. */
  clear(): void {
    this.#held.clear();
  }

  #forgetEnded(now: Instant): void {
    for (const [request, { until }] of this.#held) if (until <= now) this.#held.delete(request);
  }
}
