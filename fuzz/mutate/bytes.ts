import { type Mutator, repeated, replaced } from './mutator.ts';

const edges = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 192, 224, 240, 247, 254, 255];

/** One to four bits turned over. */
export const flipBits: Mutator = (input, { chance }) => {
  if (input.length === 0) return input;
  const made = Uint8Array.from(input);
  for (let count = 1 + chance.below(4); count > 0; count--) {
    const at = chance.below(made.length);
    made[at] = (made[at] ?? 0) ^ (1 << chance.below(8));
  }
  return made;
};

/** One byte at an edge of its range, or any. */
export const setByte: Mutator = (input, { chance }) => {
  if (input.length === 0) return input;
  const made = Uint8Array.from(input);
  made[chance.below(made.length)] = chance.oneIn(3) ? chance.below(256) : chance.pick(edges);
  return made;
};

/** The end, or the beginning, cut off. */
export const truncate: Mutator = (input, { chance }) =>
  chance.oneIn(4) ? input.slice(chance.below(input.length + 1)) : input.slice(0, chance.below(input.length + 1));

/** A stretch taken out. */
export const remove: Mutator = (input, { chance }) => {
  const start = chance.below(input.length + 1);
  const end = Math.min(input.length, start + chance.size(64));
  return replaced(input, start, end, new Uint8Array());
};

/** A stretch said again, sometimes thousands of times. */
export const duplicate: Mutator = (input, { chance }) => {
  const start = chance.below(input.length);
  const piece = input.subarray(start, start + chance.size(64));
  const count = chance.oneIn(16) ? chance.size(4096) : chance.size(8);
  return replaced(input, start, start, repeated(piece, count));
};

/** The beginning of one input and the end of another. */
export const splice: Mutator = (input, { chance, other }) => {
  const tail = other();
  const at = chance.below(input.length + 1);
  return replaced(input, at, input.length, tail.subarray(chance.below(tail.length + 1)));
};

/** A stretch of another input put in. */
export const graft: Mutator = (input, { chance, other }) => {
  const donor = other();
  const start = chance.below(donor.length);
  const at = chance.below(input.length + 1);
  return replaced(input, at, at, donor.subarray(start, start + chance.size(64)));
};

/** Any bytes put in. */
export const insertNoise: Mutator = (input, { chance }) => {
  const noise = Uint8Array.from({ length: chance.size(32) }, () => chance.below(256));
  const at = chance.below(input.length + 1);
  return replaced(input, at, at, noise);
};

/** A word of the format put in, or written over what was there. */
export const placeWord: Mutator = (input, { chance, words }) => {
  if (words.length === 0) return input;
  const word = chance.pick(words);
  const at = chance.below(input.length + 1);
  return replaced(input, at, chance.oneIn(2) ? at : Math.min(input.length, at + word.length), word);
};
