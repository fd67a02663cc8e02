import type { Chance } from '../chance.ts';

/** What a mutator may draw on. */
export interface Material {
  readonly chance: Chance;
  /** Words of the format. */
  readonly words: readonly Uint8Array[];
  /** Another input of the same format. */
  other(): Uint8Array;
}

/**
 * Makes a new input out of one; gives the input itself where it finds nothing to change. Never changes it in place:
 * inputs are often Buffers, whose `slice` is no copy.
 */
export type Mutator = (input: Uint8Array, material: Material) => Uint8Array;

/** `input` with the bytes from `start` to `end` replaced. */
export function replaced(input: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  const made = new Uint8Array(start + by.length + input.length - end);
  made.set(input.subarray(0, start));
  made.set(by, start);
  made.set(input.subarray(end), start + by.length);
  return made;
}

/** `piece` `count` times. */
export function repeated(piece: Uint8Array, count: number): Uint8Array {
  const made = new Uint8Array(piece.length * count);
  for (let i = 0; i < count; i++) made.set(piece, i * piece.length);
  return made;
}
