import type { Cancel, Clock, Instant } from '@sluice/model';

interface Entry {
  readonly key: string;
  readonly at: Instant;
  readonly act: () => void;
}

/**
 * What falls due when, by key, over one timer of the clock however many there are. A heap by time; an entry that was
 * replaced or dropped stays in it until its time, and is then passed over.
 */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #current = new Map<string, Entry>();
  readonly #heap: Entry[] = [];
  #armed: { readonly at: Instant; readonly cancel: Cancel } | undefined;
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are waited for. */
  get size(): number {
    return this.#current.size;
  }

  /** Runs `act` at `at`, instead of what this key waited for; once disposed of, nothing is waited for any more. */
  set(key: string, at: Instant, act: () => void): void {
    if (this.#over) return;
    const entry = { key, at, act };
    this.#current.set(key, entry);
    this.#push(entry);
    this.#arm();
  }

  /** Waits for this key no longer. */
  drop(key: string): void {
    this.#current.delete(key);
  }

  [Symbol.dispose](): void {
    // Work that was under way may end later and want to come back.
    this.#over = true;
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#current.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || (this.#armed && this.#armed.at <= first.at)) return;
    this.#armed?.cancel();
    const cancel = this.#clock.after(Math.max(0, first.at - this.#clock.now()), () => this.#ring());
    this.#armed = { at: first.at, cancel };
  }

  #ring(): void {
    this.#armed = undefined;
    const now = this.#clock.now();
    const due: Entry[] = [];
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#current.get(first.key) !== first) continue;
      this.#current.delete(first.key);
      due.push(first);
    }
    this.#arm();
    for (const { act } of due) act();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.at <= entry.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const [child, index] = right && left && right.at < left.at ? [right, 2 * at + 2] : [left, 2 * at + 1];
      if (!child || child.at >= last.at) break;
      heap[at] = child;
      at = index;
    }
    heap[at] = last;
  }
}
