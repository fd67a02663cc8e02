import { IgdMalformed } from './malformed.ts';

/** The values of an answer, by name. */
export type Values = ReadonlyMap<string, string>;

/** A value that must be there. Throws {@link IgdMalformed}. */
export function needed(values: Values, name: string): string {
  const value = values.get(name);
  if (value === undefined) throw new IgdMalformed(`an answer without ${name}`);
  return value;
}

/** A whole number from 0 to `most`. Throws {@link IgdMalformed}. */
export function numberOf(values: Values, name: string, most: number): number {
  const text = needed(values, name);
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= most)) throw new IgdMalformed(`${name} is ${JSON.stringify(text.slice(0, 40))}`);
  return number;
}

/** A truth, in each of the ways that UPnP has for it. Throws {@link IgdMalformed}. */
export function truthOf(values: Values, name: string): boolean {
  const text = needed(values, name).toLowerCase();
  if (['1', 'true', 'yes'].includes(text)) return true;
  if (['0', 'false', 'no'].includes(text)) return false;
  throw new IgdMalformed(`${name} is ${JSON.stringify(text.slice(0, 40))}`);
}

/** The largest ui4 and ui2 of UPnP. */
export const mostUi4 = 0xffff_ffff;
export const mostUi2 = 0xffff;
