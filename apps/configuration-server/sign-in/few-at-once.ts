/** Runs tasks a few at a time, in the order they came; with too many waiting it takes no more. */
export class FewAtOnce {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves to what the task does; undefined where too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting) return undefined;
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#running++;
    try {
      return await task();
    } finally {
      // Whoever waits takes this one's place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
