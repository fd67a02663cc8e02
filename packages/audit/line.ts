import { hash } from 'node:crypto';
import type { Instant } from '@sluice/model';

/** What a line may hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** What a line tells, beside its place in the chain. */
export type Fields = { readonly [name: string]: Json | undefined } & {
  readonly seq?: never;
  readonly at?: never;
  readonly kind?: never;
  readonly prev?: never;
};

/** A line of a log, read. */
export interface Line {
  /** Counts up from 1 over all files of a log. */
  readonly seq: number;
  /** ISO 8601, as its writer's clock said. */
  readonly at: string;
  readonly kind: string;
  /** Hash of the line before it. */
  readonly prev: string;
  /** All members, those above too. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where a log has come to: a line's number, and the hash of its bytes. */
export interface Position {
  readonly seq: number;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

/** Longest line that is written or read, bytes without its end. */
export const mostLineBytes = 64 * 1024;

/** Before the first line of a log. */
export const beginning: Position = { seq: 0, hash: '0'.repeat(64) };

/** Longest text in a line that would be too long as it is. */
const shortText = 256;

/** A line but for its place in the chain: the members after `seq` and before `prev`, as JSON without braces. */
export function bodyOf(at: Instant, kind: string, fields: Fields): string {
  const line = { at: new Date(at).toISOString(), kind, ...fields };
  const body = JSON.stringify(line).slice(1, -1);
  // A character is three bytes of UTF-8 at most (a surrogate pair four).
  if (body.length * 3 <= roomForBody) return body;
  const shorter = JSON.stringify(line, (_, value) =>
    typeof value === 'string' && value.length > shortText ? `${value.slice(0, shortText)}...` : value,
  ).slice(1, -1);
  if (shorter.length * 3 <= roomForBody) return shorter;
  return JSON.stringify({ at: line.at, kind, tooLong: body.length }).slice(1, -1);
}

const roomForBody = mostLineBytes - 128;

/** The whole line, without its end. */
export function lineOf({ seq, hash: prev }: Position, body: string): string {
  return `{"seq":${seq + 1},${body},"prev":"${prev}"}`;
}

/** What the next line holds of this one: SHA-256 over its bytes, without its end. */
export function hashOf(line: string | Uint8Array): string {
  return hash('sha256', line, 'hex');
}

/** Whether a text is one of {@link hashOf}'s. */
export function isHash(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
}

/** Reads a line; undefined where it is none. */
export function readLine(bytes: Uint8Array): Line | undefined {
  if (bytes.length > mostLineBytes) return undefined;
  try {
    const fields: unknown = JSON.parse(decoder.decode(bytes));
    if (typeof fields !== 'object' || fields === null) return undefined;
    const { seq, at, kind, prev } = fields as Record<string, unknown>;
    if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1 || !isHash(prev)) return undefined;
    if (typeof at !== 'string' || typeof kind !== 'string') return undefined;
    return { seq, at, kind, prev, fields: fields as Record<string, unknown> };
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
