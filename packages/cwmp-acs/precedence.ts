interface Waiting {
  readonly rank: number;
  readonly go: () => void;
}

/** The rank of what nobody waits for. */
export const last = Number.MAX_SAFE_INTEGER;

/**
 * The order in which what devices posted is looked at, when more of it came in one turn of the event loop than can be: the
 * least rank first, and of one rank who came first. So what was begun is finished, whatever else arrives.
 */
export class Precedence {
  readonly #waiting: Waiting[] = [];
  #isBusy = false;

  /** Resolves when it is its turn; at once where nobody is before it. */
  turn(rank: number): Promise<void> {
    if (this.#isBusy) return new Promise((go) => this.#waiting.push({ rank, go }));
    this.#isBusy = true;
    setImmediate(() => this.#next());
    return Promise.resolve();
  }

  #next(): void {
    let first = 0;
    for (const [index, { rank }] of this.#waiting.entries())
      if (rank < (this.#waiting[first]?.rank ?? last)) first = index;
    const [next] = this.#waiting.splice(first, 1);
    this.#isBusy = next !== undefined;
    if (!next) return;
    next.go();
    setImmediate(() => this.#next());
  }
}
