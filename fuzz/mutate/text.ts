import { type Mutator, repeated, replaced } from './mutator.ts';

/** Characters that texts are broken with: ends, spaces, quotes, marks, what is no UTF-8, what looks like something else. */
const characters: readonly Uint8Array[] = [
  ...['\0', '\n', '\r\n', '\r', '\t', ' ', '"', "'", '\\', '%', '%00', '%2', '<', '&', '|', '*', '.', ':', ';', ','],
  ...['\u00a0', '\u0085', '\u2028', '\u2029', '\ufeff', '\ufffd', '\u202e', '\u0301', '\u212a', '\u0130', '\u017f'],
  ...['é', 'ß', 'ﬀ', '日', '😀', '👨‍👩‍👧', '\u{10ffff}', '０', '١'],
].map((text) => Buffer.from(text));

const noUtf8: readonly Uint8Array[] = [
  [0x80],
  [0xff],
  [0xc0, 0xaf],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf4, 0x90, 0x80, 0x80],
].map((bytes) => Uint8Array.from(bytes));

/** One of those characters put in, sometimes many times. */
export const placeCharacter: Mutator = (input, { chance }) => {
  const character = chance.pick(chance.oneIn(5) ? noUtf8 : characters);
  const at = chance.below(input.length + 1);
  const end = chance.oneIn(2) ? at : Math.min(input.length, at + 1);
  return replaced(input, at, end, repeated(character, chance.oneIn(12) ? chance.size(4096) : 1));
};

const brackets: readonly (readonly [string, string])[] = [
  ['[', ']'],
  ['{"a":', '}'],
  ['(', ')'],
  ['{', '}'],
  ['"', '"'],
  ['[A.', ']'],
];

/** Brackets around a stretch, up to thousands of them. */
export const nest: Mutator = (input, { chance }) => {
  const [open, close] = chance.pick(brackets);
  const depth = chance.oneIn(4) ? chance.size(8192) : chance.size(8);
  const start = chance.below(input.length + 1);
  const end = start + chance.below(input.length - start + 1);
  const inside = [repeated(Buffer.from(open), depth), input.subarray(start, end), repeated(Buffer.from(close), depth)];
  return replaced(input, start, end, Buffer.concat(inside));
};

/** A letter in the other case. */
export const swapCase: Mutator = (input, { chance }) => {
  const at = chance.below(input.length);
  const byte = input[at] ?? 0;
  if (!/[a-z]/i.test(String.fromCharCode(byte))) return input;
  const made = Uint8Array.from(input);
  made[at] = byte ^ 0x20;
  return made;
};
