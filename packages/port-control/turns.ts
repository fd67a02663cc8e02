/** Work on one gateway, one after another in the order that it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `act` when all before it is done. Rejects with the signal's reason where that aborts before its turn. */
  take<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const turn = (async () => {
      await before;
      signal.throwIfAborted();
      return act();
    })();
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
