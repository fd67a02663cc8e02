import { printable } from './printable.ts';

/** Where a line is. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * What is wrong with a log. `changed`: a line is not what the next one, or a checkpoint, holds of it. `missing`: lines
 * were taken out. `cut-off`: the end is missing. `out-of-order`, `put-in`, `unreadable`: as they say. `seal`: a
 * signature that does not count. `unsealed`: more lines than the log allows without one. `end-unknown`: nothing says how
 * long the log must be. `other-log`: lines of two logs.
 */
export type FindingKind =
  | 'changed'
  | 'missing'
  | 'cut-off'
  | 'out-of-order'
  | 'put-in'
  | 'unreadable'
  | 'seal'
  | 'unsealed'
  | 'end-unknown'
  | 'other-log';

/** One thing that is wrong, or that a reader should know (`note`). */
export interface Finding {
  readonly kind: FindingKind | 'note';
  readonly place?: Place;
  /** The line's number in the log, where it is about one. */
  readonly seq?: number;
  /** A sentence for a person; nothing of a line's content goes into it unbounded. */
  readonly message: string;
}

/** "audit-1.jsonl:7: seq 7: changed: ..." */
export function describeFinding({ kind, place, seq, message }: Finding): string {
  const where = place ? `${place.file}:${place.line}: ` : '';
  return printable(`${where}${seq === undefined ? '' : `seq ${seq}: `}${kind}: ${message}`);
}
