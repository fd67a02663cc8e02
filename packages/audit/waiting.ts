import type { Instant } from '@sluice/model';
import { bodyOf, type Fields } from './line.ts';

/** A line that waits to be written. */
export interface Entry {
  readonly body: string;
  /** UTC, "2030-01-31". */
  readonly day: string;
}

interface Lost {
  count: number;
  readonly since: Instant;
  until: Instant;
}

/** Lines that wait, in order, within a limit. In the place of those for which there was no room stands how many they were. */
export class Waiting {
  /** Lines for which there was no room, ever. */
  lost = 0;
  readonly #mostLength: number;
  #queue: (Entry | Lost)[] = [];
  #length = 0;

  /** `mostLength`: characters of all lines together. */
  constructor(mostLength: number) {
    this.#mostLength = mostLength;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Lines that wait. */
  get count(): number {
    return this.#queue.length;
  }

  /** The day of the first; undefined where nothing waits. */
  get day(): string | undefined {
    const first = this.#queue[0];
    return first && ('body' in first ? first.day : dayOf(first.since));
  }

  put(at: Instant, kind: string, fields: Fields): void {
    if (this.#length >= this.#mostLength) {
      this.#lose(at);
      return;
    }
    const body = bodyOf(at, kind, fields);
    this.#length += body.length;
    this.#queue.push({ body, day: dayOf(at) });
  }

  /** Takes out the first lines: at most so many, none after `lastDay`, and no more than a file is given at once. */
  take(most: number, lastDay: string): Entry[] {
    const taken: Entry[] = [];
    let length = 0;
    for (const waiting of this.#queue) {
      const entry = 'body' in waiting ? waiting : lossOf(waiting);
      if (taken.length >= most || length >= takenAtOnce || entry.day > lastDay) break;
      taken.push(entry);
      length += entry.body.length;
    }
    this.#queue = this.#queue.slice(taken.length);
    this.#length -= length;
    return taken;
  }

  /** Puts back what was taken and not written. */
  putBack(entries: readonly Entry[]): void {
    this.#queue.unshift(...entries);
    for (const { body } of entries) this.#length += body.length;
  }

  #lose(at: Instant): void {
    this.lost++;
    const last = this.#queue.at(-1);
    if (last && 'count' in last) {
      last.count++;
      last.until = at;
    } else this.#queue.push({ count: 1, since: at, until: at });
  }
}

const takenAtOnce = 256 * 1024;

function lossOf({ count, since, until }: Lost): Entry {
  const [from, to] = [since, until].map((at) => new Date(at).toISOString());
  return { body: bodyOf(until, 'lines-lost', { count, since: from, until: to }), day: dayOf(since) };
}

function dayOf(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
