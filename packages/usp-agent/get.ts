import { errorCode, type Get, parsePath } from '@sluice/wire/usp';
import { denied, type Refused, spend, type Turn } from './answer.ts';
import type { Found } from './reference.ts';
import { resolve } from './resolve.ts';
import type { SchemaNode } from './schema.ts';

interface ResolvedObject {
  readonly resolvedPath: string;
  readonly resultParams: Record<string, string>;
}

/** Answers Get: every path by itself, errors in its own result (TR-369 "The Get Message"). */
export function answerGet(request: Pick<Get, 'paramPaths' | 'maxDepth'>, turn: Turn) {
  return {
    case: 'getResp' as const,
    value: { reqPathResults: request.paramPaths.map((path) => getPath(path, request.maxDepth, turn)) },
  };
}

interface PathResult {
  readonly requestedPath: string;
  readonly errCode?: number;
  readonly errMsg?: string;
  readonly resolvedPathResults?: ResolvedObject[];
}

function getPath(requestedPath: string, maxDepth: number, turn: Turn): PathResult {
  const read = readPath(requestedPath, maxDepth || Number.POSITIVE_INFINITY, turn);
  return Array.isArray(read)
    ? { requestedPath, resolvedPathResults: read }
    : { requestedPath, errCode: read.code, errMsg: read.message };
}

function readPath(text: string, depth: number, turn: Turn): ResolvedObject[] | Refused {
  const parsed = parsePath(text);
  if (!parsed.ok) return { code: errorCode.invalidPathSyntax, message: parsed.failure.message };
  const path = parsed.value;
  if (path.kind === 'command' || path.kind === 'event') {
    return { code: errorCode.unsupportedPath, message: 'a command or an event cannot be read' };
  }
  const resolved = resolve(path, turn);
  if (!resolved.ok) {
    // R-GET.0: what is not there is answered as what cannot be there.
    const absent = resolved.refused.code === errorCode.objectDoesNotExist;
    return absent ? { ...resolved.refused, code: errorCode.unsupportedPath } : resolved.refused;
  }
  const objects: ResolvedObject[] = [];
  if (path.kind === 'object') {
    for (const found of resolved.found) readTree(found, depth, turn, objects);
    return objects;
  }
  if (resolved.node && !resolved.node.parameters.has(path.name)) {
    return { code: errorCode.unsupportedPath, message: `${text} is not in the supported data model` };
  }
  if (resolved.node && !turn.rights.parameter(resolved.node, path.name, 'r')) return denied(text);
  for (const found of resolved.found) {
    const value = read(found, turn)?.get(path.name);
    if (value !== undefined) objects.push({ resolvedPath: found.path, resultParams: { [path.name]: value } });
  }
  return objects;
}

/** An object and what is below it. A table and its rows are one level (max_depth, R-GET.5). */
function readTree(found: Found, depth: number, turn: Turn, into: ResolvedObject[]): void {
  if (depth < 1) return;
  if (found.node.kind === 'table') {
    const row = found.node.children.get('{i}');
    for (const instance of row ? instances(found, turn) : []) {
      if (row) readTree({ node: row, path: `${found.path}${instance}.` }, depth, turn, into);
    }
    return;
  }
  if (found.node.parameters.size > 0) {
    const values = read(found, turn);
    // A row may have ended between the look at its table and this one.
    if (!values && found.node.kind === 'row') return;
    if (values && values.size > 0) into.push({ resolvedPath: found.path, resultParams: Object.fromEntries(values) });
  }
  for (const child of found.node.children.values()) {
    readTree({ node: child, path: `${found.path}${child.name}.` }, depth - 1, turn, into);
  }
}

function read({ node, path }: Found, turn: Turn): ReadonlyMap<string, string> | undefined {
  spend(turn);
  const values = node.model?.read(path, turn.caller);
  return values && new Map([...values].filter(([name]) => turn.rights.parameter(node, name, 'r')));
}

function instances({ node, path }: { node: SchemaNode; path: string }, turn: Turn): readonly number[] {
  spend(turn);
  return turn.rights.instances(node, 'r') ? (node.model?.instances(path, turn.caller) ?? []) : [];
}
