import type { CommitFailure } from './data-plane.ts';
import { errno } from './netlink/errno.ts';
import type { Request } from './netlink/writer.ts';
import { addElement, removeElement, type SetElement } from './nftables/element.ts';

/** Which entry of a change a message is for. */
export type Place = CommitFailure['at'];

/** One message of a transaction, and what its failing means. */
export interface Step {
  readonly at: Place;
  readonly request: Request;
  /** The element's set, for those keyed by an opening's number. */
  readonly keyedBy: 'tuple' | 'number';
  readonly act: 'add' | 'remove';
}

/** Steps that add elements. */
export function adding(table: string, at: Place, elements: readonly SetElement[]): Step[] {
  return elements.map((element) => ({
    at,
    request: addElement(table, element),
    keyedBy: keyedBy(element),
    act: 'add',
  }));
}

/** Steps that remove elements. */
export function removing(table: string, at: Place, elements: readonly SetElement[]): Step[] {
  return elements.map((element) => ({
    at,
    request: removeElement(table, element),
    keyedBy: keyedBy(element),
    act: 'remove',
  }));
}

/** What to do after a transaction that the kernel refused. */
export type Verdict =
  | { readonly kind: 'failed'; readonly failure: CommitFailure }
  /** Try again without these: they had run out already. */
  | { readonly kind: 'without'; readonly steps: ReadonlySet<Step> }
  /** Try again with other numbers: one was in use. */
  | { readonly kind: 'renumber' };

/** Reads the errno of each step; undefined when all is well. */
export function judge(steps: readonly Step[], codes: readonly number[]): Verdict | undefined {
  const failed = steps.flatMap((step, index) => (codes[index] ? [{ step, code: codes[index] }] : []));
  if (failed.length === 0) return undefined;
  const gone = failed.filter(({ step, code }) => step.at.list === 'remove' && code === errno.missing);
  const collided = failed.filter(({ step, code }) => step.keyedBy === 'number' && code === errno.exists);
  const other = failed.find((failure) => !gone.includes(failure) && !collided.includes(failure));
  if (other) return { kind: 'failed', failure: failure(other.step, other.code) };
  if (collided.length > 0) return { kind: 'renumber' };
  return { kind: 'without', steps: new Set(gone.map(({ step }) => step)) };
}

function failure(step: Step, code: number): CommitFailure {
  if (step.at.list === 'add' && code === errno.exists) return { reason: 'exists', errno: code, at: step.at };
  if (step.at.list === 'renew' && code === errno.missing) return { reason: 'missing', errno: code, at: step.at };
  return { reason: reasonOf(code), errno: code, at: step.at };
}

/** Why a whole message or transaction was refused. */
export function reasonOf(code: number): 'resources' | 'refused' {
  const scarce: number[] = [errno.noMemory, errno.noBuffers, errno.messageSize, errno.tooManyFiles, errno.noSpace];
  return scarce.includes(code) ? 'resources' : 'refused';
}

function keyedBy(element: SetElement): Step['keyedBy'] {
  return /^(in|out)[46]_|^hair4$/.test(element.set) ? 'tuple' : 'number';
}
