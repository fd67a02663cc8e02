/** Later packets that are waited through before one is given up as lost: a burst on one path seldom swaps more. */
const mostWaiting = 32;

/**
 * Puts the packets of one RTP stream back into the order they were sent in. In a stream without loss and swaps each
 * packet passes at once.
 */
export class InOrder<T> {
  #next: number | undefined;
  readonly #waiting = new Map<number, T>();

  /** What is now due, in order. `sequence` is 0..65535. What comes after its turn is dropped. */
  push(sequence: number, packet: T): readonly T[] {
    this.#next ??= sequence;
    if (((sequence - this.#next) & 0xffff) >= 0x8000) return [];
    this.#waiting.set(sequence, packet);
    const due = this.#run();
    if (this.#waiting.size <= mostWaiting) return due;
    this.#next = this.#nearest();
    return [...due, ...this.#run()];
  }

  /** Everything that still waits, though what is before it never came. */
  flush(): readonly T[] {
    const due: T[] = [];
    while (this.#waiting.size > 0) {
      this.#next = this.#nearest();
      due.push(...this.#run());
    }
    return due;
  }

  #run(): T[] {
    const due: T[] = [];
    for (let next = this.#next; next !== undefined; next = this.#next) {
      const packet = this.#waiting.get(next);
      if (packet === undefined) break;
      this.#waiting.delete(next);
      due.push(packet);
      this.#next = (next + 1) & 0xffff;
    }
    return due;
  }

  #nearest(): number {
    const from = this.#next ?? 0;
    let nearest = from;
    let least = 0x10000;
    for (const sequence of this.#waiting.keys()) {
      const ahead = (sequence - from) & 0xffff;
      if (ahead < least) [nearest, least] = [sequence, ahead];
    }
    return nearest;
  }
}
