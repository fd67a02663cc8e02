import { duplicate, flipBits, graft, insertNoise, placeWord, remove, setByte, splice, truncate } from './bytes.ts';
import type { Material, Mutator } from './mutator.ts';
import { tamperDigits, tamperNumber } from './numbers.ts';
import { nest, placeCharacter, swapCase } from './text.ts';

/** Mutators that need to know nothing of a format. */
export const generalMutators: readonly Mutator[] = [
  ...[flipBits, setByte, truncate, remove, duplicate, splice, graft, insertNoise, placeWord, placeWord],
  ...[tamperNumber, tamperDigits, placeCharacter, nest, swapCase],
];

/**
 * A new input out of one: one to five mutations, for half of the inputs by those alone that know the format, which often
 * leave a valid one; at most `mostBytes` long.
 */
export function mutate(
  input: Uint8Array,
  special: readonly Mutator[],
  material: Material,
  mostBytes: number,
): Uint8Array {
  const { chance } = material;
  const isGentle = special.length > 0 && chance.oneIn(2);
  let made = input;
  for (let count = chance.size(5); count > 0; count--) {
    const mutator = chance.pick(isGentle || (special.length > 0 && chance.oneIn(3)) ? special : generalMutators);
    made = mutator(made, material);
    if (made.length > mostBytes) made = made.subarray(0, mostBytes);
  }
  return made;
}
