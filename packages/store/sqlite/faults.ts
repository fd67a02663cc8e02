import { StoreUnusable, type UnusableReason } from '../unusable.ts';

/** Primary result codes (https://www.sqlite.org/rescode.html) that tell of the file and not of a statement. */
const faults: Readonly<Record<number, readonly [UnusableReason, string]>> = {
  5: ['locked', 'another process holds it; stop that one, or name another file'],
  6: ['locked', 'another process holds it; stop that one, or name another file'],
  8: ['read-only', 'it may not be written to; check the rights of the file and of its folder'],
  10: ['unreadable', 'reading or writing the disk failed; check the disk'],
  11: ['corrupt', 'its content is damaged; restore it from a backup, or move it away to begin anew'],
  13: ['full', 'the disk is full; nothing was written, make room'],
  14: ['unreadable', 'it cannot be opened; check that its folder exists and may be entered'],
  26: ['corrupt', 'it is no SQLite database; name another file, or move it away to begin anew'],
};

/** A fault of the database file, from what `node:sqlite` threw; other errors as they are. */
export function faultOf(file: string, error: unknown): unknown {
  const code = codeOf(error);
  const fault = code === undefined ? undefined : faults[code & 0xff];
  return fault ? new StoreUnusable(fault[0], `the database ${file} cannot be used: ${fault[1]}`, error) : error;
}

/** SQLITE_CONSTRAINT_UNIQUE. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === 2067;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}
