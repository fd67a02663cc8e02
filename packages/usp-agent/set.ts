import { errorCode, parsePath, type Set as SetRequest, type UpdateObject } from '@sluice/wire/usp';
import { type Answer, errorAnswer, type Refused, spend, type Turn } from './answer.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';
import { checkSettings } from './settings.ts';
import { paramError, paramErrors, type Write, type WriteRefused, writeAll } from './write.ts';

/** Answers Set; all objects of one obj_path together, and with allow_partial false all of the message (R-SET.2a). */
export function answerSet(request: SetRequest, turn: Turn): Answer {
  const planned = request.updateObjs.map((wanted) => ({ wanted, plan: planObjects(wanted, turn) }));
  if (request.allowPartial) {
    const results = planned.map(({ wanted: { objPath }, plan }) => {
      if ('code' in plan) return failure(objPath, plan, []);
      const written = writeAll(effective(plan), turn);
      if (written.ok) return success(objPath, plan, turn);
      return failure(objPath, written.refused[0] ?? unexplained, written.refused);
    });
    return { case: 'setResp', value: { updatedObjResults: results } };
  }

  const writes: Write[] = [];
  for (const { wanted, plan } of planned) {
    if ('code' in plan) {
      return errorAnswer(plan, [{ paramPath: wanted.objPath, errCode: plan.code, errMsg: plan.message }]);
    }
    writes.push(...effective(plan));
  }
  const written = writeAll(writes, turn);
  if (!written.ok) return errorAnswer(written.refused[0] ?? unexplained, paramErrors(written.refused));
  const results = planned.flatMap(({ wanted, plan }) => ('code' in plan ? [] : [success(wanted.objPath, plan, turn)]));
  return { case: 'setResp', value: { updatedObjResults: results } };
}

const unexplained: Refused = { code: errorCode.operationError, message: 'the model refused and gave no reason' };

/** A write of nothing needs no transaction, unless a required parameter makes it fail. */
function effective(writes: readonly Write[]): Write[] {
  return writes.filter(({ settings }) => settings.values.size > 0 || settings.required.size > 0);
}

function planObjects({ objPath, paramSettings }: UpdateObject, turn: Turn): Write[] | Refused {
  const parsed = parsePath(objPath);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  if (parsed.value.kind !== 'object') {
    return { code: errorCode.invalidArguments, message: `${objPath} is no object` };
  }
  const resolved = resolve(parsed.value, turn);
  if (!resolved.ok) return resolved.refused;
  if (resolved.node?.kind === 'table') {
    return { code: errorCode.invalidArguments, message: `${objPath} is a table; name its rows` };
  }
  return resolved.found.flatMap((found) => planObject(found, paramSettings, turn) ?? []);
}

function planObject(found: Found, paramSettings: UpdateObject['paramSettings'], turn: Turn): Write | undefined {
  const { node, path } = found;
  spend(turn);
  const current = node.model?.read(path, turn.caller);
  // A row may have ended between the search and this read.
  if (!current && node.kind === 'row') return undefined;
  const settings = checkSettings(node, paramSettings, current ?? new Map(), turn);
  return {
    label: path,
    node,
    model: node.model ?? nobody,
    settings,
    change: () => ({ kind: 'set', object: path, parameters: settings.values }),
  };
}

/** Answers for objects that only hold others: they have no parameters, so no change of them gets this far. */
const nobody: Write['model'] = {
  types: [],
  instances: () => [],
  read: () => undefined,
  apply: () => ({ ok: false, failures: [] }),
  observe: () => () => {},
};

function success(requestedPath: string, writes: readonly Write[], turn: Turn) {
  const updatedInstResults = writes.map((write) => {
    const after = write.settings.values.size > 0 ? write.model.read(write.label, turn.caller) : undefined;
    const updatedParams: Record<string, string> = {};
    for (const [param, wanted] of write.settings.values) {
      // What stands in an object below is not in this read; it was applied as wanted.
      const value = param.includes('.') ? wanted : after?.get(param);
      if (value !== undefined) updatedParams[param] = value;
    }
    return { affectedPath: write.label, paramErrs: write.settings.refused.map(paramError), updatedParams };
  });
  const value = { updatedInstResults };
  return { requestedPath, operStatus: { operStatus: { case: 'operSuccess' as const, value } } };
}

function failure(requestedPath: string, { code, message }: Refused, refused: readonly WriteRefused[]) {
  const updatedInstFailures = refused.map(({ write, params }) => ({
    affectedPath: write.label,
    paramErrs: params.map(paramError),
  }));
  const value = { errCode: code, errMsg: message, updatedInstFailures };
  return { requestedPath, operStatus: { operStatus: { case: 'operFailure' as const, value } } };
}
