import { oldestMs } from '@sluice/consent';
import type { Instant } from '@sluice/model';

/** Requests whose consent has opened something, for as long as it could be presented again. */
export class UsedTokens {
  readonly #since = new Map<string, Instant>();

  has(applianceId: string, requestId: string): boolean {
    return this.#since.has(nameOf(applianceId, requestId));
  }

  add(applianceId: string, requestId: string, now: Instant): void {
    // In the order of their times: the first that is still needed ends the round.
    for (const [name, since] of this.#since) {
      if (now - since <= oldestMs) break;
      this.#since.delete(name);
    }
    this.#since.set(nameOf(applianceId, requestId), now);
  }

  get size(): number {
    return this.#since.size;
  }
}

const nameOf = (applianceId: string, requestId: string) => `${applianceId} ${requestId}`;
