import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';

/** Where the project keeps inputs that once showed a fault. */
export const corpusDirectory = join(import.meta.dirname, 'corpus');

/** The inputs kept for a target, by file name. */
export function readCorpus(directory: string, target: string): ReadonlyMap<string, Uint8Array> {
  const folder = join(directory, target);
  try {
    return new Map(
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name))]),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Keeps a finding's input; the path of its file. */
export function keepInput(directory: string, { target, fault, input }: Finding): string {
  const name = `${fault}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`;
  mkdirSync(join(directory, target), { recursive: true });
  const path = join(directory, target, name);
  writeFileSync(path, input);
  return path;
}
