import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readLine } from '../line.ts';
import { readSeal, type Seal, type Signer, type Trust } from '../seal.ts';
import type { Anchor } from '../seal-check.ts';
import type { LogFile } from './names.ts';
import { readLines } from './read-lines.ts';

/** The head file of a log: what was signed last, or what is wrong with it; undefined where there is none. */
export type Head = { readonly seal: Seal; readonly signer: Signer } | { readonly problem: string } | undefined;

/** More than a token may have: what is longer is none. */
const mostHeadBytes = 16 * 1024;

/** Reads a head file. */
export async function readHead(path: string, trust: Trust): Promise<Head> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(mostHeadBytes) });
    return await readSeal(/^(.+)\n$/.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? '', trust);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** How far lines must come, as the head file says. */
export function boundOfHead(head: Head): Anchor | undefined {
  return head && 'seal' in head ? { seq: head.seal.seq, hash: head.seal.hash, from: 'the head file' } : undefined;
}

/** How far the lines of one file must come, as the next one says; undefined where its first line cannot be read. */
export async function boundOfNext(
  directory: string,
  { name, first }: LogFile,
  signal: AbortSignal,
): Promise<Anchor | undefined> {
  for await (const [line] of readLines(join(directory, name), signal)) {
    const read = line && readLine(line.bytes);
    return read && { seq: first - 1, hash: read.prev, from: `the next file, ${name},` };
  }
  return undefined;
}
