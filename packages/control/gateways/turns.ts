/**
 * Who may speak to one gateway: any number together, or one alone. Putting a whole gateway right is done alone, so
 * that what it saw is still true when it acts; whoever wants to be alone is next.
 */
export class Turns {
  #together = 0;
  #alone = false;
  readonly #queue: { readonly alone: boolean; readonly begin: () => void }[] = [];

  /** Acts together with others that may. Rejects with the signal's reason when it ends before the turn came. */
  async shared<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    if (this.#alone || this.#queue.length > 0) await this.#wait(false, signal);
    else this.#together++;
    try {
      return await act();
    } finally {
      this.#together--;
      this.#next();
    }
  }

  /** Acts while nobody else does. */
  async alone<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    if (this.#alone || this.#together > 0 || this.#queue.length > 0) await this.#wait(true, signal);
    else this.#alone = true;
    try {
      return await act();
    } finally {
      this.#alone = false;
      this.#next();
    }
  }

  #wait(alone: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal.reason);
        this.#next();
      };
      const waiting = {
        alone,
        begin: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiting);
    });
  }

  /** The turn is given before the waiter runs, so that nobody slips in between. */
  #next(): void {
    for (let first = this.#queue[0]; first && !this.#alone; first = this.#queue[0]) {
      if (first.alone && this.#together > 0) return;
      this.#queue.shift();
      if (first.alone) this.#alone = true;
      else this.#together++;
      first.begin();
    }
  }
}
