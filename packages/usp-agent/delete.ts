import { type Delete, errorCode, parsePath } from '@sluice/wire/usp';
import { type Answer, denied, errorAnswer, type Refused, type Turn } from './answer.ts';
import { commit, type Planned } from './commit.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';
import { placeOfPath } from './schema.ts';

/** Answers Delete; with allow_partial false all rows go in one transaction, or none (TR-369 "The Delete Message"). */
export function answerDelete(request: Delete, turn: Turn): Answer {
  const planned = request.objPaths.map((path) => ({ path, plan: planRows(path, turn) }));
  if (request.allowPartial) {
    const results = planned.map(({ path, plan }) =>
      'code' in plan ? failure(path, plan) : deleteRows(path, plan, turn),
    );
    return { case: 'deleteResp', value: { deletedObjResults: results } };
  }

  const changes = new Map<string, Planned>();
  for (const { path, plan } of planned) {
    if ('code' in plan) return errorAnswer(plan, [{ paramPath: path, errCode: plan.code, errMsg: plan.message }]);
    // A row that two paths name is deleted once.
    for (const row of plan) for (const change of deletion(row)) changes.set(row.path, change);
  }
  const rows = [...changes.keys()];
  const result = commit([...changes.values()], turn.caller);
  if (!result.ok) {
    const errors = result.failures.map(({ index, code, message }) => ({
      paramPath: rows[index] ?? '',
      errCode: code,
      errMsg: message,
    }));
    return errorAnswer(result.failures[0] ?? unexplained, errors);
  }
  const results = planned.map(({ path, plan }) => success(path, 'code' in plan ? [] : plan, []));
  return { case: 'deleteResp', value: { deletedObjResults: results } };
}

const unexplained: Refused = { code: errorCode.deleteFailure, message: 'the model refused and gave no reason' };

/** The rows that a path names; none is no error, be the path a search or not (R-DEL.2a). */
function planRows(text: string, turn: Turn): readonly Found[] | Refused {
  const parsed = parsePath(text);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  if (parsed.value.kind !== 'object') return { code: errorCode.notATable, message: `${text} is no row of a table` };
  // Also of what is not there: whoever may not delete is not told.
  const named = placeOfPath(turn.root, parsed.value);
  if (named?.kind === 'row' && !turn.rights.instances(named, 'w')) return denied(`deleting ${text}`);
  const resolved = resolve(parsed.value, turn);
  if (!resolved.ok) return resolved.refused.code === errorCode.objectDoesNotExist ? [] : resolved.refused;
  const { node, found } = resolved;
  // Behind a reference every object may be of another table.
  for (const place of new Set([...(node ? [node] : []), ...found.map((each) => each.node)])) {
    if (place.kind !== 'row') return { code: errorCode.notATable, message: `${text} is no row of a table` };
    if (place.type.access !== 'addDelete' && place.type.access !== 'deleteOnly') {
      return { code: errorCode.deleteFailure, message: `rows of ${place.path} cannot be deleted` };
    }
    if (!turn.rights.instances(place, 'w')) return denied(`deleting ${text}`);
  }
  return found;
}

/** Deletes what it can of the rows of one path. */
function deleteRows(path: string, rows: readonly Found[], turn: Turn) {
  const together = commit(rows.flatMap(deletion), turn.caller);
  if (together.ok) return success(path, rows, []);
  const gone: Found[] = [];
  const kept: { unaffectedPath: string; errCode: number; errMsg: string }[] = [];
  for (const row of rows) {
    const alone = commit(deletion(row), turn.caller);
    const { code, message } = alone.ok ? unexplained : (alone.failures[0] ?? unexplained);
    if (alone.ok) gone.push(row);
    else kept.push({ unaffectedPath: row.path, errCode: code, errMsg: message });
  }
  return success(path, gone, kept);
}

function deletion({ node, path }: Found): Planned[] {
  return node.model ? [{ model: node.model, change: { kind: 'delete', object: path } }] : [];
}

function success(
  requestedPath: string,
  gone: readonly Found[],
  unaffectedPathErrs: { unaffectedPath: string; errCode: number; errMsg: string }[],
) {
  const value = { affectedPaths: gone.map(({ path }) => path), unaffectedPathErrs };
  return { requestedPath, operStatus: { operStatus: { case: 'operSuccess' as const, value } } };
}

function failure(requestedPath: string, { code, message }: Refused) {
  const value = { errCode: code, errMsg: message };
  return { requestedPath, operStatus: { operStatus: { case: 'operFailure' as const, value } } };
}
