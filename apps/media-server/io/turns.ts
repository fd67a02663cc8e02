/** Gives a turn back; harmless the second time. */
export type Release = () => void;

interface Waiting<K> {
  readonly kind: K;
  readonly go: () => void;
}

/**
 * Turns at something that can be used in several ways, in one way at a time, by any number at once in that way. First
 * come, first served: who came after somebody of another kind waits behind them.
 */
export class Turns<K> {
  #kind: K | undefined;
  #holders = 0;
  readonly #waiting: Waiting<K>[] = [];

  /** Waits for a turn. Rejects with the signal's reason. */
  async take(kind: K, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && (this.#holders === 0 || this.#kind === kind)) return this.#hold(kind);
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    const entry = { kind, go: () => resolve(this.#hold(kind)) };
    this.#waiting.push(entry);
    const leave = () => {
      const at = this.#waiting.indexOf(entry);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
      this.#next();
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #hold(kind: K): Release {
    this.#kind = kind;
    this.#holders++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders--;
      this.#next();
    };
  }

  #next(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (this.#holders > 0 && this.#kind !== first.kind) return;
      this.#waiting.shift();
      first.go();
    }
  }
}
