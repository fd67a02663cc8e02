import type { Change, CommitFailure, KernelOpening } from '@sluice/kernel';
import type { Instant } from '@sluice/model';
import { errorCode } from '@sluice/wire/usp';
import type { Edit } from './edit.ts';
import type { Fault } from './fault.ts';

/** The kernel's clock has no "for ever": a lease without end is one of ten years there. */
export const endlessMs = 10 * 365 * 86_400_000;

/** What a message means to the kernel: one transaction, and which edit each of its entries came from. */
export interface KernelChange {
  readonly change: Change;
  /** Index of the edit by list and index in it. */
  readonly edits: Readonly<Record<CommitFailure['at']['list'], readonly number[]>>;
}

/** The difference between the rows before and after, as the kernel sees it. */
export function kernelChange(edits: readonly Edit[], now: Instant): KernelChange {
  const add: { opening: KernelOpening; leaseMs: number; edit: number }[] = [];
  const renew: typeof add = [];
  const remove: { opening: KernelOpening; edit: number }[] = [];
  for (const [edit, { before, after }] of edits.entries()) {
    const held = before?.opening;
    const wanted = after?.opening;
    const leaseMs = after ? Math.min(after.until - now, endlessMs) : 0;
    if (after && held && held === wanted) {
      if (before?.until !== after.until) renew.push({ opening: held, leaseMs, edit });
      continue;
    }
    if (held) remove.push({ opening: held, edit });
    if (wanted) add.push({ opening: wanted, leaseMs, edit });
  }
  const editsOf = (list: readonly { edit: number }[]) => list.map(({ edit }) => edit);
  return {
    change: { add, renew, remove: remove.map(({ opening }) => opening) },
    edits: { add: editsOf(add), renew: editsOf(renew), remove: editsOf(remove) },
  };
}

/** Why the kernel took nothing, for the controller. */
export function faultOfCommit({ reason, errno }: CommitFailure): Fault {
  switch (reason) {
    case 'exists':
      return { code: errorCode.duplicateUniqueKey, message: 'that path is open already', parameter: 'ExternalPort' };
    case 'missing':
      return { code: errorCode.objectDoesNotExist, message: 'the opening has ended' };
    case 'resources':
      return { code: errorCode.resourcesExceeded, message: `the kernel has no room for it (errno ${errno})` };
    default:
      return { code: errorCode.internalError, message: `the kernel refused it (errno ${errno})` };
  }
}
