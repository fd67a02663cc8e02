import { randomBytes } from 'node:crypto';
import { beginning, type Fields, type Position } from './line.ts';

/** A position in a log of that name. */
export interface Named extends Position {
  /** Undefined where nothing says. */
  readonly log: string | undefined;
}

/** What is known of a log that is to be written on. */
export interface Known {
  /** The last line on disk. */
  readonly tail: Named | undefined;
  readonly torn: { readonly bytes: number; readonly text: string } | undefined;
  /** What was signed last; 'missing' where there is no head file, 'unusable' where it is not ours. */
  readonly head: Named | 'missing' | 'unusable';
  /** What this process itself wrote last. */
  readonly written: Named | undefined;
}

/** How a log goes on. */
export interface Continuation {
  readonly log: string;
  /** The next line follows this. */
  readonly from: Position;
  /** What is told first of all; undefined where all is as this process left it. */
  readonly told: Fields | undefined;
}

/**
 * A log goes on after the last line that is known of it: what was written or signed counts also where the disk has less,
 * so that the gap stays in the chain for ever.
 */
export function continuationOf({ tail, torn, head, written }: Known): Continuation {
  const signed = typeof head === 'string' ? undefined : head;
  const promised = written ?? signed;
  const there = tail ?? beginning;
  const isShort = promised !== undefined && there.seq < promised.seq;
  const from = isShort || !tail ? (promised ?? beginning) : tail;
  const log = promised?.log ?? tail?.log ?? randomBytes(16).toString('hex');
  const next = { log, from: { seq: from.seq, hash: from.hash } };
  if (written && tail?.seq === written.seq && tail.hash === written.hash) return { ...next, told: undefined };
  const told = {
    why: written ? 'resumed' : from.seq === 0 ? 'begun' : 'restarted',
    ...(torn && !written && { torn: { ...torn } }),
    ...(isShort && promised && { missing: [there.seq + 1, promised.seq] }),
    ...(!written && tail && typeof head === 'string' && { head }),
    ...(!written && tail?.log !== undefined && signed && signed.log !== tail.log && { head: 'of another log' }),
    ...(!written && tail && signed && tail.seq > signed.seq && { unsealed: tail.seq - signed.seq }),
    ...(written && tail && tail.seq > written.seq && { foreign: tail.seq - written.seq }),
  };
  return { ...next, told };
}
