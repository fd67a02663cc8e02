import type { Instant } from '@sluice/model';

/** Things with a time each, the earliest first. Putting one in and taking one out cost the logarithm of how many there are. */
export class Timetable<T> {
  readonly #heap: { readonly at: Instant; readonly entry: T }[] = [];

  /** When the earliest is due; undefined where there is none. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  put(at: Instant, entry: T): void {
    const heap = this.#heap;
    let place = heap.length;
    const added = { at, entry };
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (!above || above.at <= at) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = added;
  }

  /** Takes out the earliest if it is due at `now`. */
  take(now: Instant): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.at(-1);
    if (!first || !last || first.at > now) return undefined;
    heap.pop();
    let place = 0;
    for (; heap.length > 0; ) {
      let child = 2 * place + 1;
      if ((heap[child + 1]?.at ?? Number.POSITIVE_INFINITY) < (heap[child]?.at ?? Number.POSITIVE_INFINITY)) child++;
      const below = heap[child];
      if (!below || below.at >= last.at) {
        heap[place] = last;
        break;
      }
      heap[place] = below;
      place = child;
    }
    return first.entry;
  }
}
