interface Waiting {
  readonly rank: number;
  readonly go: () => void;
}

/** Turns that were taken and are still remembered. */
const mostBehind = 1_024;

/** The rank of what nobody waits for. */
export const last = Number.MAX_SAFE_INTEGER;

/**
 * The order in which what devices posted is looked at, when more of it came in one turn of the event loop than can be: the
 * least rank first, and of one rank who came first. So what was begun is finished, whatever else arrives.
 */
export class Precedence {
  /** Of sessions: not many more than there are sessions. */
  readonly #ranked: Waiting[] = [];
  /** Of whoever comes, in the order in which they came; those before `#at` had their turn. */
  #others: (() => void)[] = [];
  #at = 0;
  #isBusy = false;

  /** Resolves when it is its turn; at once where nobody is before it. */
  turn(rank: number): Promise<void> {
    if (this.#isBusy)
      return new Promise((go) => {
        if (rank < last) this.#ranked.push({ rank, go });
        else this.#others.push(go);
      });
    this.#isBusy = true;
    setImmediate(() => this.#next());
    return Promise.resolve();
  }

  #next(): void {
    const go = this.#first() ?? this.#others[this.#at++];
    this.#isBusy = go !== undefined;
    if (!go || this.#at > mostBehind) {
      this.#others = this.#others.slice(this.#at);
      this.#at = 0;
    }
    if (!go) return;
    go();
    setImmediate(() => this.#next());
  }

  /** The least rank, out of the way. */
  #first(): (() => void) | undefined {
    let least = 0;
    for (const [index, { rank }] of this.#ranked.entries())
      if (rank < (this.#ranked[least]?.rank ?? last)) least = index;
    return this.#ranked.splice(least, 1)[0]?.go;
  }
}
