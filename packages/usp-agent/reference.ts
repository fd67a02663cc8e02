import { listItems, parsePath, type ReferenceItem } from '@sluice/wire/usp';
import { spend, type Turn } from './answer.ts';
import type { SchemaNode } from './schema.ts';

/** An object that is there: its place in the schema and its instance path. */
export interface Found {
  readonly node: SchemaNode;
  readonly path: string;
}

/** Objects that a parameter of an object refers to; what names nothing is left out. */
export function followReference(from: Found, name: string, item: ReferenceItem, turn: Turn): Found[] {
  spend(turn);
  const value = from.node.model?.read(from.path, turn.caller)?.get(name) ?? '';
  const items = listItems(value);
  const chosen = item === 'all' ? items : items.slice(item - 1, item);
  return chosen.flatMap((reference) => objectAt(reference, turn) ?? []);
}

/** The object that a reference with instance numbers names, "Device.IP.Interface.1" with or without a last dot. */
export function objectAt(reference: string, turn: Turn): Found | undefined {
  const parsed = parsePath(reference.endsWith('.') ? reference : `${reference}.`);
  if (!parsed.ok) return undefined;
  let node: SchemaNode | undefined;
  let path = '';
  for (const step of parsed.value.steps) {
    if (step.kind === 'name') {
      node = node ? node.children.get(step.name) : step.name === turn.root.name ? turn.root : undefined;
      path += `${step.name}.`;
    } else if (step.kind === 'instance' && node?.kind === 'table') {
      node = node.children.get('{i}');
      path += `${step.number}.`;
      spend(turn);
      if (!node?.model?.read(path, turn.caller)) return undefined;
    } else return undefined;
    if (!node) return undefined;
  }
  return node && node.kind !== 'table' ? { node, path } : undefined;
}
