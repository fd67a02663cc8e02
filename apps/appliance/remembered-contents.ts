import type { Content } from '@sluice/api';
import type { Clock, Instant } from '@sluice/model';

/** A person who has seen what there is chooses within this, or it is asked for again, ms. */
const freshMs = 30_000;

/** What the portal had, when it was last seen: a choice out of it needs no other look. */
export class RememberedContents {
  readonly #clock: Clock;
  #contents: readonly Content[] = [];
  #until: Instant = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(contents: readonly Content[]): void {
    this.#contents = contents;
    this.#until = this.#clock.now() + freshMs;
  }

  /** Undefined where it must be asked for. */
  find(contentId: string): Content | undefined {
    if (this.#clock.now() >= this.#until) return undefined;
    return this.#contents.find((content) => content.contentId === contentId);
  }

  /** A request was refused: what is there may be something else by now. */
  forget(): void {
    this.#until = 0;
  }
}
