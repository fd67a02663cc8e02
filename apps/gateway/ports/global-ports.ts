import type { Clock, Instant } from '@sluice/model';
import { PortQueue } from './port-queue.ts';

/** Which ports there are to give. */
export interface PortRange {
  /** Both inclusive, 1..65535. */
  readonly first: number;
  readonly last: number;
  /** Ports in the range that something else uses. */
  readonly except?: readonly number[];
}

/** How long a port that was given back is not picked again while others are free: late packets of its old flow die out. */
export const restMs = 120_000;

/**
 * The global ports of one transport: which are held, and which to give next. A free port whose neighbour of the pair
 * (even, next) is free too waits in `pairs`, under its even number; one whose neighbour is held waits in `singles`,
 * and is given first to those who want no pair. Every operation takes the same time however many are held.
 */
export class GlobalPorts {
  readonly #clock: Clock;
  readonly #inRange = new Uint8Array(65537);
  readonly #holders = new Uint16Array(65536);
  readonly #freedAt = new Float64Array(65536).fill(Number.NEGATIVE_INFINITY);
  readonly #pairs = new PortQueue();
  readonly #singles = new PortQueue();

  /** `random` gives 0 <= x < 1; the order of picking cannot be guessed from outside (RFC 6056 3.3.1). */
  constructor(range: PortRange, clock: Clock, random: () => number) {
    this.#clock = clock;
    const ports: number[] = [];
    for (let port = range.first; port <= range.last; port++) if (!range.except?.includes(port)) ports.push(port);
    for (const port of ports) this.#inRange[port] = 1;
    for (let left = ports.length - 1; left > 0; left--) {
      const right = Math.floor(random() * (left + 1));
      [ports[left], ports[right]] = [ports[right] ?? 0, ports[left] ?? 0];
    }
    for (const port of ports) this.#queue(port);
  }

  /** Whether the port is one of those there are to give. */
  includes(port: number): boolean {
    return this.#inRange[port] === 1;
  }

  /** How many hold this port. */
  holders(port: number): number {
    return this.#holders[port] ?? 0;
  }

  /** Whether the port may be given and nobody holds it. */
  isFree(port: number): boolean {
    return this.includes(port) && this.holders(port) === 0;
  }

  /** Takes hold of a port, also beside others, and also of one outside the range (an opening found in the kernel). */
  hold(port: number): void {
    this.#holders[port] = this.holders(port) + 1;
    if (this.holders(port) > 1) return;
    const even = port & ~1;
    this.#singles.take(port);
    if (!this.#pairs.has(even)) return;
    this.#pairs.take(even);
    this.#singles.put(port ^ 1);
  }

  /** Lets go of a port; it is free when its last holder did so. */
  release(port: number): void {
    const left = this.holders(port) - 1;
    if (left < 0) return;
    this.#holders[port] = left;
    if (left > 0) return;
    this.#freedAt[port] = this.#clock.now();
    if (this.includes(port)) this.#queue(port);
  }

  /** Takes hold of a free port, or undefined where none is left. */
  pick(): number | undefined {
    const single = this.#singles.first();
    const even = this.#pairs.first();
    if (single === undefined && even === undefined) return undefined;
    const useSingle =
      single !== undefined &&
      (even === undefined || this.#rested(single) || this.#freed(single) <= this.#freedPair(even));
    const port = useSingle ? single : even;
    if (port === undefined) return undefined;
    this.hold(port);
    return port;
  }

  /** Takes hold of an even port, of the next, or of both, where both are free; gives the even one, or undefined. */
  pickPair(offsets: readonly (0 | 1)[]): number | undefined {
    const even = this.#pairs.first();
    if (even === undefined) return undefined;
    for (const offset of offsets) this.hold(even + offset);
    return even;
  }

  /** Up to `count` free ports, those picked next first; in whole pairs, even and next, where `paired` (so perhaps one more). */
  free(count: number, paired: boolean): number[] {
    const found: number[] = [];
    for (let even = this.#pairs.first(); even !== undefined && found.length < count; even = this.#pairs.after(even)) {
      found.push(even);
      if (paired || found.length < count) found.push(even + 1);
    }
    if (paired) return found;
    for (let port = this.#singles.first(); port !== undefined && found.length < count; port = this.#singles.after(port))
      found.push(port);
    return found;
  }

  #queue(port: number): void {
    const neighbour = port ^ 1;
    if (this.isFree(neighbour)) {
      this.#singles.take(neighbour);
      this.#pairs.put(port & ~1);
    } else this.#singles.put(port);
  }

  #freed(port: number): Instant {
    return this.#freedAt[port] ?? Number.NEGATIVE_INFINITY;
  }

  #freedPair(even: number): Instant {
    return Math.max(this.#freed(even), this.#freed(even + 1));
  }

  #rested(port: number): boolean {
    return this.#clock.now() - this.#freed(port) >= restMs;
  }
}
