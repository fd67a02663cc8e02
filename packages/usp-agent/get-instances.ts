import { errorCode, type GetInstances, parsePath, type UspResponse } from '@sluice/wire/usp';
import { denied, type Refused, spend, type Turn } from './answer.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';
import { keyValues, type SchemaNode } from './schema.ts';

interface Instance {
  readonly instantiatedObjPath: string;
  readonly uniqueKeys: Record<string, string>;
}

/** Answers GetInstances: rows of tables and their keys (TR-369 "The GetInstances Message"). */
export function answerGetInstances(request: GetInstances, turn: Turn): UspResponse {
  const reqPathResults = request.objPaths.map((requestedPath) => {
    const listed = listPath(requestedPath, request.firstLevelOnly, turn);
    return Array.isArray(listed)
      ? { requestedPath, currInsts: listed }
      : { requestedPath, errCode: listed.code, errMsg: listed.message };
  });
  return { case: 'getInstancesResp', value: { reqPathResults } };
}

function listPath(text: string, firstLevelOnly: boolean, turn: Turn): Instance[] | Refused {
  const parsed = parsePath(text);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  if (parsed.value.kind !== 'object') return { code: errorCode.notATable, message: `${text} is no table` };
  const resolved = resolve(parsed.value, turn);
  if (!resolved.ok) return resolved.refused;
  if (resolved.node?.kind === 'object') return { code: errorCode.notATable, message: `${text} is no table` };
  if (resolved.node && !turn.rights.instances(resolved.node, 'r')) return denied(text);
  const listed: Instance[] = [];
  for (const found of resolved.found) {
    if (found.node.kind === 'row') listRow(found, firstLevelOnly, turn, listed);
    else listRows(found, firstLevelOnly, turn, listed);
  }
  return listed;
}

function listRows(table: Found, firstLevelOnly: boolean, turn: Turn, into: Instance[]): void {
  const row = table.node.children.get('{i}');
  if (!row?.model || !turn.rights.instances(row, 'r')) return;
  for (const instance of row.model.instances(table.path, turn.caller)) {
    listRow({ node: row, path: `${table.path}${instance}.` }, firstLevelOnly, turn, into);
  }
}

function listRow(row: Found, firstLevelOnly: boolean, turn: Turn, into: Instance[]): void {
  spend(turn);
  const values = row.node.model?.read(row.path, turn.caller);
  if (!values) return;
  into.push({ instantiatedObjPath: row.path, uniqueKeys: readableKeys(row.node, values, turn) });
  if (!firstLevelOnly) listBelow(row, turn, into);
}

function readableKeys(node: SchemaNode, values: ReadonlyMap<string, string>, turn: Turn): Record<string, string> {
  const keys = Object.entries(keyValues(node.type, values));
  return Object.fromEntries(keys.filter(([name]) => turn.rights.parameter(node, name, 'r')));
}

/** Tables below a row, also those in single objects below it. */
function listBelow(object: Found, turn: Turn, into: Instance[]): void {
  for (const child of object.node.children.values()) {
    const found = { node: child, path: `${object.path}${child.name}.` };
    if (child.kind === 'table') listRows(found, false, turn, into);
    else listBelow(found, turn, into);
  }
}
