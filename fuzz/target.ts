import type { Mutator } from './mutate/mutator.ts';

/** What a parser made of an input. */
export interface Verdict {
  /** It took the input: there is a value. */
  readonly taken: boolean;
  /** What kind of value or failure; an input with a kind not seen before is kept and mutated further. */
  readonly kind: string;
}

/** One parser of bytes from outside, and what it promises. */
export interface Target {
  /** Names it on the command line and its folder in the corpus. */
  readonly name: string;
  /** Longest input, bytes: what its callers let through. */
  readonly mostBytes: number;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs to start from that are refused, though nearly valid. */
  readonly nearSeeds?: readonly Uint8Array[];
  /** Words of the format, for mutators to strew. */
  readonly words: readonly string[];
  /** Mutators that know the format; those that need to know nothing are always there. */
  readonly mutators: readonly Mutator[];
  /**
   * Gives the parser one input. Returns what it made of it; throws where it broke a promise, be it that the parser threw
   * what it does not declare or that {@link promise} found something untrue.
   */
  readonly feed: (input: Uint8Array) => Verdict | Promise<Verdict>;
}

/** A value came out. */
export function taken(kind = 'value'): Verdict {
  return { taken: true, kind };
}

/** The declared failure came out. */
export function refused(kind = 'refused'): Verdict {
  return { taken: false, kind };
}

/** A promise that a parser broke. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** Throws {@link Broken} unless `holds`. */
export function promise(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** Throws {@link Broken} unless both are the same bytes. */
export function promiseSame(one: Uint8Array, other: Uint8Array, what: string): void {
  if (Buffer.compare(one, other) !== 0) throw new Broken(what);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** An input as text, as a parser of UTF-8 sees it. */
export function textOf(input: Uint8Array): string {
  return decoder.decode(input);
}

/** The bytes of texts, for seeds. */
export function bytesOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}
