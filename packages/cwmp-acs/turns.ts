/** One after the other, in the order of asking. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How many wait for their turn or have it. */
  get wanted(): number {
    return this.#waiting;
  }

  /** Acts when all before are done. Rejects with the signal's reason where it ends before that. */
  async take<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const before = this.#last;
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    this.#last = before.then(() => done);
    this.#waiting++;
    try {
      await untilAborted(before, signal);
      return await act();
    } finally {
      this.#waiting--;
      finish();
    }
  }
}

/** Waits for `promise`, or rejects with the signal's reason where that ends first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
