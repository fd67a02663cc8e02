import { readdir } from 'node:fs/promises';

/** Beside the files of a log: the signed position that it has come to. */
export const headName = 'head.jws';

/** A file of a log by what its name says. */
export interface LogFile {
  readonly name: string;
  /** Number of its first line. */
  readonly first: number;
  /** The day (UTC) on which it began, "2030-01-31". */
  readonly day: string;
}

/** The name of the file that begins with that line, on that day. */
export function fileName(first: number, day: string): string {
  return `audit-${String(first).padStart(12, '0')}-${day}.jsonl`;
}

/** What a name says; undefined where it is no name of {@link fileName}'s. */
export function readFileName(name: string): LogFile | undefined {
  const [, first, day] = /^audit-(\d{12,15})-(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name) ?? [];
  return first === undefined || day === undefined ? undefined : { name, first: Number(first), day };
}

/** The files of the log in a directory, in the order of their lines. Throws where it cannot be read. */
export async function logFiles(directory: string): Promise<readonly LogFile[]> {
  const files = (await readdir(directory)).flatMap((name) => readFileName(name) ?? []);
  return files.sort((one, other) => one.first - other.first || (one.name < other.name ? -1 : 1));
}
