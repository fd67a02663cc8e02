import type { ReferenceItem } from './path.ts';

const namePattern = /[A-Za-z_][A-Za-z0-9_-]{0,127}/y;
const numberPattern = /[1-9]\d{0,9}/y;
const followPattern = /\+|#([1-9]\d{0,8}|\*)\+/y;

/** A word of a path and where it ends. */
export interface Word<T> {
  readonly value: T;
  readonly end: number;
}

/** A TR-106 name at `pos`. */
export function readName(text: string, pos: number): Word<string> | undefined {
  const value = match(namePattern, text, pos)?.[0];
  return value === undefined ? undefined : { value, end: pos + value.length };
}

/** An instance number, 1..4294967295, at `pos`. */
export function readNumber(text: string, pos: number): Word<number> | undefined {
  const digits = match(numberPattern, text, pos)?.[0];
  if (digits === undefined || Number(digits) > 0xffffffff) return undefined;
  return { value: Number(digits), end: pos + digits.length };
}

/** `+`, `#2+` or `#*+` at `pos`. */
export function readFollow(text: string, pos: number): Word<ReferenceItem> | undefined {
  const found = match(followPattern, text, pos);
  if (!found) return undefined;
  const item = found[1] ?? '1';
  return { value: item === '*' ? 'all' : Number(item), end: pos + found[0].length };
}

/** What a sticky pattern matches at `pos`. */
export function match(pattern: RegExp, text: string, pos: number): RegExpExecArray | null {
  pattern.lastIndex = pos;
  return pattern.exec(text);
}
