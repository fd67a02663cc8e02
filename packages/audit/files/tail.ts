import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, mostLineBytes, type Position, readLine } from '../line.ts';
import { type LogFile, logFiles } from './names.ts';
import { readLines } from './read-lines.ts';

/** The end of a log on disk. */
export interface Tail {
  readonly path: string;
  readonly day: string;
  /** Bytes of the file up to the end of its last line. */
  readonly size: number;
  readonly last: Position;
  /** The log's name; undefined where the file does not say. */
  readonly log: string | undefined;
  /** What follows the last line and is none: how much, and the beginning of it. */
  readonly torn: { readonly bytes: number; readonly text: string } | undefined;
}

/** Most of what is torn that is kept. */
const mostText = 1_024;
/** A last line and what a crash may have left after it. */
const searched = 4 * mostLineBytes;
const lineEnd = 0x0a;

/** What was found in a directory. */
export interface Found {
  /** Undefined where no file has a line. */
  readonly tail: Tail | undefined;
  /** Files after it without a line at their end; whether they are empty. */
  readonly unreadable: readonly { readonly name: string; readonly isEmpty: boolean }[];
}

/** Finds the end of the log in a directory. Throws where it cannot be read. */
export async function findTail(directory: string, signal: AbortSignal): Promise<Found> {
  const unreadable: { name: string; isEmpty: boolean }[] = [];
  for (const file of (await logFiles(directory)).toReversed()) {
    const found = await tailOf(directory, file);
    if ('last' in found) return { tail: { ...found, log: await logOf(found.path, signal) }, unreadable };
    unreadable.push({ name: file.name, isEmpty: found.size === 0 });
  }
  return { tail: undefined, unreadable };
}

async function tailOf(directory: string, { name, day }: LogFile): Promise<Omit<Tail, 'log'> | { size: number }> {
  const path = join(directory, name);
  await using file = await open(path, 'r');
  const { size: whole } = await file.stat();
  const from = Math.max(0, whole - searched);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(whole - from), position: from });
  const bytes = buffer.subarray(0, bytesRead);
  for (let end = bytes.lastIndexOf(lineEnd); end >= 0; ) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(lineEnd, end - 1);
    const line = bytes.subarray(before + 1, end);
    const read = before < 0 && from > 0 ? undefined : readLine(line);
    if (read) {
      const rest = bytes.subarray(end + 1);
      const torn =
        rest.length === 0 ? undefined : { bytes: rest.length, text: rest.subarray(0, mostText).toString('utf8') };
      return { path, day, size: from + end + 1, last: { seq: read.seq, hash: hashOf(line) }, torn };
    }
    end = before;
  }
  return { size: whole };
}

/** A file's first line names its log. */
async function logOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  for await (const [line] of readLines(path, signal)) {
    const log = line && readLine(line.bytes)?.fields.log;
    return typeof log === 'string' && log.length <= 64 ? log : undefined;
  }
  return undefined;
}
