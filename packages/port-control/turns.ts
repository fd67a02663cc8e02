/** Work on one gateway, one after another in the order that it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `act` when all before it is done. Rejects with the signal's reason where that aborts before its turn. */
  async take<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const done = Promise.withResolvers<void>();
    // Who leaves before its turn does not let the next one in before it.
    this.#last = Promise.all([before, done.promise]);
    try {
      await orAborted(before, signal);
      return await act();
    } finally {
      done.resolve();
    }
  }
}

async function orAborted(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([before, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
