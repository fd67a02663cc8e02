import { type Add, type AddSuccessInit, type CreateObject, errorCode, keyed, parsePath } from '@sluice/wire/usp';
import { type Answer, denied, errorAnswer, type Refused, type Turn } from './answer.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';
import { keyValues } from './schema.ts';
import { checkSettings } from './settings.ts';
import { paramError, paramErrors, type Write, type Written, writeAll } from './write.ts';

/** Answers Add; with allow_partial false all rows are made in one transaction, or none (TR-369 "The Add Message"). */
export function answerAdd(request: Add, turn: Turn): Answer {
  const planned = request.createObjs.map((wanted) => ({ wanted, plan: planRows(wanted, turn) }));
  if (request.allowPartial) {
    const results = planned.flatMap(({ wanted: { objPath }, plan }) => {
      if ('code' in plan) return [failure(objPath, plan)];
      if (plan.length === 0) return [nothingMatched(objPath)];
      return plan.map((write) => result(objPath, write, writeAll([write], turn), 0, turn));
    });
    return { case: 'addResp', value: { createdObjResults: results } };
  }

  for (const { wanted, plan } of planned) {
    if ('code' in plan) {
      return errorAnswer(plan, [{ paramPath: wanted.objPath, errCode: plan.code, errMsg: plan.message }]);
    }
  }
  const rows = planned.flatMap(({ wanted, plan }) =>
    'code' in plan ? [] : plan.map((write) => ({ objPath: wanted.objPath, write })),
  );
  const written = writeAll(
    rows.map(({ write }) => write),
    turn,
  );
  const [first] = written.ok ? [] : written.refused;
  if (!written.ok) return errorAnswer(first ?? unexplained, paramErrors(written.refused));
  let next = 0;
  const results = planned.flatMap(({ wanted: { objPath }, plan }) => {
    if ('code' in plan || plan.length === 0) return [nothingMatched(objPath)];
    return plan.map((write) => result(objPath, write, written, next++, turn));
  });
  return { case: 'addResp', value: { createdObjResults: results } };
}

const unexplained: Refused = { code: errorCode.operationError, message: 'the model refused and gave no reason' };

/** The rows that one create_obj asks for: one for each table that its path matches. */
function planRows({ objPath, paramSettings }: CreateObject, turn: Turn): Write[] | Refused {
  const parsed = parsePath(objPath);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  if (parsed.value.kind !== 'object') return { code: errorCode.notATable, message: `${objPath} is no table` };
  const resolved = resolve(parsed.value, turn);
  if (!resolved.ok) return resolved.refused;
  if (resolved.node && resolved.node.kind !== 'table') {
    return { code: errorCode.notATable, message: `${objPath} is no table` };
  }
  const access = resolved.node?.type.access ?? 'addDelete';
  if (access !== 'addDelete' && access !== 'addOnly') {
    return { code: errorCode.objectNotCreatable, message: `rows of ${objPath} cannot be added` };
  }
  // Behind a reference every table may be another one.
  const barred = resolved.found.find(({ node }) => !turn.rights.object(node, 'w'));
  if (barred || (resolved.node && !turn.rights.object(resolved.node, 'w'))) return denied(`adding to ${objPath}`);
  return resolved.found.flatMap((table) => planRow(table, paramSettings, turn) ?? []);
}

function planRow(table: Found, paramSettings: CreateObject['paramSettings'], turn: Turn): Write | undefined {
  const row = table.node.children.get('{i}');
  if (!row?.model) return undefined;
  const settings = checkSettings(row, paramSettings, undefined, turn);
  return {
    label: labelOf(table, row.type.uniqueKeys[0] ?? [], paramSettings),
    node: row,
    model: row.model,
    settings,
    change: () => ({ kind: 'add', table: table.path, parameters: settings.values }),
  };
}

/** A row that does not exist yet is named in errors by the first key it asks for, else by its table. */
function labelOf(table: Found, key: readonly string[], paramSettings: CreateObject['paramSettings']): string {
  const wanted: Record<string, string> = {};
  for (const name of key) {
    const setting = paramSettings.find(({ param }) => param === name);
    if (!setting) return table.path;
    wanted[name] = setting.value;
  }
  return key.length > 0 ? keyed(table.path, wanted) : table.path;
}

function result(requestedPath: string, write: Write, written: Written, index: number, turn: Turn) {
  if (!written.ok) return failure(requestedPath, written.refused[0] ?? unexplained);
  const instantiatedPath = written.objects[index] ?? '';
  const row = write.model.read(instantiatedPath, turn.caller);
  return success(requestedPath, {
    instantiatedPath,
    paramErrs: write.settings.refused.map(paramError),
    uniqueKeys: row ? keyValues(write.node.type, row) : {},
  });
}

/** R-MSG.4a: a search over parents that finds none is a success, and empty. */
function nothingMatched(requestedPath: string) {
  return success(requestedPath, {});
}

function success(requestedPath: string, value: AddSuccessInit) {
  return { requestedPath, operStatus: { operStatus: { case: 'operSuccess' as const, value } } };
}

function failure(requestedPath: string, { code, message }: Refused) {
  const value = { errCode: code, errMsg: message };
  return { requestedPath, operStatus: { operStatus: { case: 'operFailure' as const, value } } };
}
