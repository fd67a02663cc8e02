import { join } from 'node:path';
import type { Identity } from '@sluice/identity';
import { type Continuation, continuationOf, type Named } from '../continuation.ts';
import { trustIn } from '../trust.ts';
import { readHead } from './bound.ts';
import { makeDirectory, setAside } from './log-file.ts';
import { headName } from './names.ts';
import { findTail, type Tail } from './tail.ts';

/** Where and how a log goes on. */
export interface Recovered extends Continuation {
  /** The file that its last line is in; undefined where another is to be begun. */
  readonly at: Pick<Tail, 'path' | 'day' | 'size'> | undefined;
}

/**
 * Finds the end of the log in a directory, which is made where there is none. `written`: the last line that this process
 * wrote, if it did. Rejects where the disk cannot be read or written.
 */
export async function recover(
  directory: string,
  identity: Pick<Identity, 'endpointId' | 'caPem'>,
  written: Named | undefined,
): Promise<Recovered> {
  await makeDirectory(directory);
  const { tail, unreadable } = await findTail(directory, new AbortController().signal);
  await setAside(directory, unreadable);
  const found = {
    tail: tail && { ...tail.last, log: tail.log },
    torn: tail?.torn,
    head: await ownHead(directory, identity),
    written,
  };
  const continuation = continuationOf(found);
  return { ...continuation, at: tail?.last.seq === continuation.from.seq ? tail : undefined };
}

async function ownHead(
  directory: string,
  { endpointId, caPem }: Pick<Identity, 'endpointId' | 'caPem'>,
): Promise<Named | 'missing' | 'unusable'> {
  const head = await readHead(join(directory, headName), trustIn(caPem));
  if (!head) return 'missing';
  return 'seal' in head && head.signer.endpointId === endpointId ? head.seal : 'unusable';
}
