import { errorCode } from '@sluice/wire/usp';
import type { Caller, ChangeFailure, ChangeResult, DataModel, ModelChange } from './data-model.ts';

/** A change and the model it is for. */
export interface Planned {
  readonly model: DataModel;
  readonly change: ModelChange;
}

/**
 * All of the changes, or none, whichever models they are for. Each model gets its changes in one call. Where several
 * take part, all that can say beforehand whether they will agree are asked first, and the one that cannot is applied
 * first, so nothing is ever undone. Two that cannot say are refused together (7005).
 */
export function commit(planned: readonly Planned[], caller: Caller): ChangeResult {
  const [first] = planned;
  if (!first) return { ok: true, objects: [] };
  const parts = partition(planned);
  if (parts.length === 1) return first.model.apply(parts[0]?.changes ?? [], caller);

  const sure = parts.filter(({ model }) => model.validate);
  const unsure = parts.filter(({ model }) => !model.validate);
  const second = unsure[1];
  if (second) {
    const message = 'these objects cannot be changed together';
    return refused([{ index: second.indices[0] ?? 0, code: errorCode.resourcesExceeded, message }]);
  }
  for (const part of sure) {
    const verdict = part.model.validate?.(part.changes, caller);
    if (verdict && !verdict.ok) return refused(renumber(verdict.failures, part.indices));
  }
  const objects: string[] = [];
  for (const part of [...unsure, ...sure]) {
    const result = part.model.apply(part.changes, caller);
    if (!result.ok) return refused(renumber(result.failures, part.indices));
    for (const [i, object] of result.objects.entries()) objects[part.indices[i] ?? 0] = object;
  }
  return { ok: true, objects };
}

interface Part {
  readonly model: DataModel;
  readonly changes: ModelChange[];
  /** Where each change stood among all. */
  readonly indices: number[];
}

function partition(planned: readonly Planned[]): Part[] {
  const parts = new Map<DataModel, Part>();
  for (const [index, { model, change }] of planned.entries()) {
    let part = parts.get(model);
    if (!part) {
      part = { model, changes: [], indices: [] };
      parts.set(model, part);
    }
    part.changes.push(change);
    part.indices.push(index);
  }
  return [...parts.values()];
}

function renumber(failures: readonly ChangeFailure[], indices: readonly number[]): ChangeFailure[] {
  return failures.map((failure) => ({ ...failure, index: indices[failure.index] ?? 0 }));
}

function refused(failures: readonly ChangeFailure[]): ChangeResult {
  return { ok: false, failures };
}
