import type { Position } from '../line.ts';
import { boundOfNext } from './bound.ts';
import { logFiles } from './names.ts';

/** Files that hold nothing of that day or later, and their last line; undefined where there are none. */
export async function filesEndedBefore(
  directory: string,
  day: string,
): Promise<{ readonly names: readonly string[]; readonly last: Position } | undefined> {
  const files = await logFiles(directory);
  // A file ends when the next one begins; the one that is written has no next.
  const kept = files.findIndex((_, index) => (files[index + 1]?.day ?? day) >= day);
  const next = files[kept];
  if (kept < 1 || !next) return undefined;
  const last = await boundOfNext(directory, next, new AbortController().signal);
  return last && { names: files.slice(0, kept).map(({ name }) => name), last };
}
