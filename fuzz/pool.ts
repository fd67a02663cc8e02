import type { Chance } from './chance.ts';

const mostKept = 512;
const mostKeptBytes = 2 << 20;
const mostKinds = 4096;

/** The inputs that new ones are made of: the seeds, and what turned out to be of a new kind. Bounded. */
export class Pool {
  readonly #chance: Chance;
  readonly #seeds: readonly Uint8Array[];
  readonly #kept: Uint8Array[] = [];
  readonly #kinds = new Set<string>();
  #keptBytes = 0;

  constructor(seeds: readonly Uint8Array[], chance: Chance) {
    this.#seeds = seeds;
    this.#chance = chance;
  }

  /** Bytes of the inputs that were kept. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Any input: a seed half the time. Short ones are preferred: they are tried faster, and mutations matter more in them. */
  pick(): Uint8Array {
    if (this.#kept.length === 0 || this.#chance.oneIn(2)) return this.#chance.pick(this.#seeds);
    const [one, other] = [this.#chance.pick(this.#kept), this.#chance.pick(this.#kept)];
    const isOneShorter = one.length <= other.length;
    return this.#chance.oneIn(8) === isOneShorter ? other : one;
  }

  /** Whether inputs of this kind came before. */
  knows(kind: string): boolean {
    return this.#kinds.has(kind) || this.#kinds.size >= mostKinds;
  }

  /** Keeps an input; where there is no room, in the place of others. */
  keep(input: Uint8Array, kind: string): void {
    this.#kinds.add(kind);
    if (input.length > mostKeptBytes / 8) return;
    while (this.#kept.length >= mostKept || this.#keptBytes + input.length > mostKeptBytes) {
      const [dropped] = this.#kept.splice(this.#chance.below(this.#kept.length), 1);
      this.#keptBytes -= dropped?.length ?? 0;
    }
    // A copy, as mutators hand out views of larger buffers.
    this.#kept.push(Uint8Array.from(input));
    this.#keptBytes += input.length;
  }
}
