import type { Cancel, Clock, Instant } from '@sluice/model';

/** Longest wait that every clock can hold; Node's timers overflow beyond 2^31 ms. */
const longestWaitMs = 0x7fffffff;

/** Rings once, at a moment however far away; setting it again forgets the moment before. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Undefined: do not ring. */
  set(at: Instant | undefined): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (at === undefined) return;
    const waitMs = Math.max(0, at - this.#clock.now());
    this.#cancel =
      waitMs > longestWaitMs
        ? this.#clock.after(longestWaitMs, () => this.set(at))
        : this.#clock.after(waitMs, () => {
            this.#cancel = undefined;
            this.#ring();
          });
  }
}
