/** Pseudo-random numbers that come again with the same seed (sfc32), fast enough for every decision of a mutation. */
export class Chance {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** `seed` is any text: the same text, the same numbers. */
  constructor(seed: string) {
    for (const character of seed) {
      this.#a = Math.imul(this.#a ^ (character.codePointAt(0) ?? 0), 0x01000193);
      this.#b = (this.#b + this.#a) | 0;
      this.#c = this.#b ^ (this.#c << 5);
    }
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** 32 bits, signed. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }

  /** A whole number, 0 up to but not `limit`; 0 where the limit is below 1. */
  below(limit: number): number {
    return limit < 1 ? 0 : (this.bits() >>> 0) % limit;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of a list. Throws RangeError where it is empty. */
  pick<T>(list: readonly T[]): T {
    const index = this.below(list.length);
    if (index >= list.length) throw new RangeError('nothing to pick from');
    return list[index] as T;
  }

  /** A length or count: mostly small, seldom up to `most`. */
  size(most: number): number {
    return this.below(Math.min(most, 2 ** (1 + this.below(Math.max(1, Math.ceil(Math.log2(most + 1))))))) + 1;
  }
}
