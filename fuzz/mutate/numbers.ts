import { type Mutator, replaced } from './mutator.ts';

const huge = [
  0n,
  1n,
  -1n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x1fffffffffffffn,
  0x20000000000000n,
  0x7fffffffffffffffn,
  -0x8000000000000000n,
];

const written = [
  '0',
  '-0',
  '1',
  '-1',
  '00',
  '+1',
  '1e3',
  '1e309',
  '0x10',
  '255',
  '256',
  '65535',
  '65536',
  '99999',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '999999999999999999999999999999',
  '0.1',
  '1.',
  '.5',
  'NaN',
  'Infinity',
  '',
];

/**
 * A binary number of 1 to 8 bytes, either byte order, made one more, one less or huge: a length field, sooner or later.
 */
export const tamperNumber: Mutator = (input, { chance }) => {
  const size = chance.pick([1, 2, 4, 8]);
  if (input.length < size) return input;
  const made = Buffer.from(input);
  const at = chance.below(made.length - size + 1);
  const bytes = made.subarray(at, at + size);
  const isLittle = chance.oneIn(2);
  if (isLittle) bytes.reverse();
  const before = size === 8 ? bytes.readBigUInt64BE() : BigInt(bytes.readUIntBE(0, size));
  const wanted = chance.oneIn(2) ? chance.pick(huge) : before + BigInt(chance.below(17) - 8);
  const value = BigInt.asUintN(size * 8, wanted);
  if (size === 8) bytes.writeBigUInt64BE(value);
  else bytes.writeUIntBE(Number(value), 0, size);
  if (isLittle) bytes.reverse();
  return made;
};

/** A number written in decimal, made another one, huge or hardly a number. */
export const tamperDigits: Mutator = (input, { chance }) => {
  const start = findDigit(input, chance.below(input.length));
  if (start < 0) return input;
  let end = start;
  while (isDigit(input[end])) end++;
  return replaced(input, start, end, Buffer.from(chance.pick(written)));
};

function findDigit(input: Uint8Array, from: number): number {
  for (let i = 0; i < input.length; i++) {
    const at = (from + i) % input.length;
    if (isDigit(input[at])) return at;
  }
  return -1;
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
