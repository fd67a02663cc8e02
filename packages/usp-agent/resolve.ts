import { type Comparison, canonical, errorCode, type Path, type PathStep } from '@sluice/wire/usp';
import { denied, type Refused, spend, type Turn } from './answer.ts';
import { type Found, followReference } from './reference.ts';
import type { SchemaNode } from './schema.ts';
import { holds, judgeTerms } from './search.ts';

/** What a path names in the instantiated data model. */
export interface Resolved {
  readonly ok: true;
  readonly found: readonly Found[];
  /** The place in the schema; undefined only where a reference that led nowhere was followed. */
  readonly node: SchemaNode | undefined;
  /** The path has `*`, an expression or a reference: finding nothing is then no error (R-MSG.4a). */
  readonly searched: boolean;
}

/** Resolves the object part of a path, step by step. Tables count as objects here. */
export function resolve(path: Path, turn: Turn): Resolved | { readonly ok: false; readonly refused: Refused } {
  let found: readonly Found[] = [];
  let node: SchemaNode | undefined;
  let searched = false;
  for (const [i, step] of path.steps.entries()) {
    if (i === 0) {
      if (step.kind !== 'name' || step.name !== turn.root.name) return unsupported(path);
      node = turn.root;
      found = [{ node, path: turn.root.path }];
      continue;
    }
    if (step.kind === 'template') return refuse(errorCode.invalidPathSyntax, '{i} names no instance');
    if (step.kind === 'follow') {
      if (!allHave(found, node, (at) => at.parameters.has(step.name))) return unsupported(path);
      const unreadable = [...(node ? [node] : []), ...found.map((from) => from.node)].some(
        (at) => !turn.rights.parameter(at, step.name, 'r'),
      );
      if (unreadable) return { ok: false, refused: denied(path.text) };
      found = found.flatMap((from) => followReference(from, step.name, step.item, turn));
      node = found[0]?.node;
      searched = true;
      continue;
    }
    if (step.kind === 'name') {
      if (!allHave(found, node, (at) => at.kind !== 'table' && at.children.has(step.name))) return unsupported(path);
      node = node?.children.get(step.name);
      found = found.flatMap((from) => {
        const child = from.node.children.get(step.name);
        return child ? [{ node: child, path: `${from.path}${step.name}.` }] : [];
      });
      continue;
    }
    if (!allHave(found, node, (at) => at.kind === 'table')) return unsupported(path);
    const row: SchemaNode | undefined = node?.children.get('{i}');
    const refused = step.kind === 'search' && row ? judgeTerms(step.terms, row, turn) : undefined;
    if (refused) return { ok: false, refused };
    // Who may not list rows finds none by searching either.
    const searches = step.kind !== 'instance';
    if (searches && row && !turn.rights.instances(row, 'r')) return { ok: false, refused: denied(path.text) };
    found = found.flatMap((table) => rowsOf(table, step, turn));
    node = row;
    searched ||= searches;
    if (found.length === 0 && !searched) return refuse(errorCode.objectDoesNotExist, `${path.text} does not exist`);
  }
  return { ok: true, found, node, searched };
}

/** Whether a step is possible: by the schema where it is known, and where a reference was followed by what was found. */
function allHave(found: readonly Found[], node: SchemaNode | undefined, has: (node: SchemaNode) => boolean): boolean {
  return (node === undefined || has(node)) && found.every((each) => has(each.node));
}

function rowsOf(table: Found, step: Exclude<PathStep, { kind: 'name' | 'follow' }>, turn: Turn): Found[] {
  const node = table.node.children.get('{i}');
  const model = node?.model;
  if (!node || !model) return [];
  const at = (instance: number): Found => ({ node, path: `${table.path}${instance}.` });
  switch (step.kind) {
    case 'instance': {
      spend(turn);
      return model.read(at(step.number).path, turn.caller) ? [at(step.number)] : [];
    }
    case 'search': {
      const key = model.find && addressedKey(step.terms, node);
      if (key) {
        spend(turn);
        const instance = model.find?.(table.path, key, turn.caller);
        return instance === undefined ? [] : [at(instance)];
      }
      return model
        .instances(table.path, turn.caller)
        .map(at)
        .filter((row) => {
          spend(turn);
          const values = model.read(row.path, turn.caller);
          return values !== undefined && holds(step.terms, node, row.path, values, turn);
        });
    }
    default: {
      const instances = model.instances(table.path, turn.caller);
      spend(turn, instances.length);
      return instances.map(at);
    }
  }
}

/** The key that an expression names with "==" in full, and nothing else (unique-key addressing); else undefined. */
function addressedKey(terms: readonly Comparison[], node: SchemaNode): ReadonlyMap<string, string> | undefined {
  const key = new Map<string, string>();
  for (const { operand, operator, value } of terms) {
    const [first] = operand;
    const parameter = first && operand.length === 1 ? node.parameters.get(first.name) : undefined;
    if (!parameter || operator !== '==' || parameter.list || key.has(parameter.name)) return undefined;
    key.set(parameter.name, canonical(parameter.type, value) ?? value);
  }
  const named = node.type.uniqueKeys.some((names) => names.length === key.size && names.every((name) => key.has(name)));
  return named ? key : undefined;
}

function unsupported(path: Path): { readonly ok: false; readonly refused: Refused } {
  return refuse(errorCode.unsupportedPath, `${path.text} is not in the supported data model`);
}

function refuse(code: number, message: string): { readonly ok: false; readonly refused: Refused } {
  return { ok: false, refused: { code, message } };
}
