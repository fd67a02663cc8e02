import { type Path, supportedPath } from '@sluice/wire/usp';
import type { CommandType, DataModel, ObjectType, ParameterType } from './data-model.ts';

/** A place in the supported data model. */
export interface SchemaNode {
  /** `object`: single. `table`: "Device.NAT.PortMapping."; its one child is the `row`, "{i}". */
  readonly kind: 'object' | 'table' | 'row';
  readonly name: string;
  /** "Device.NAT.PortMapping." for the table, "Device.NAT.PortMapping.{i}." for its rows. */
  readonly path: string;
  /** Of a table: that of its rows. */
  readonly type: ObjectType;
  /** Who answers for it; undefined for objects that only hold others. */
  readonly model: DataModel | undefined;
  readonly children: ReadonlyMap<string, SchemaNode>;
  /** By name. */
  readonly parameters: ReadonlyMap<string, ParameterType>;
  /** By name with "()". */
  readonly commands: ReadonlyMap<string, CommandType>;
  /** By name with "!". */
  readonly events: ReadonlyMap<string, { readonly name: string; readonly args: readonly string[] }>;
}

interface GrowingNode extends SchemaNode {
  type: ObjectType;
  model: DataModel | undefined;
  children: Map<string, GrowingNode>;
  parameters: ReadonlyMap<string, ParameterType>;
  commands: SchemaNode['commands'];
  events: SchemaNode['events'];
}

/**
 * Joins the types of all models into one tree with "Device." at its root. Objects that nobody describes but that hold
 * described ones are made up. Throws on a type described twice, and on a path that is none: our own mistake.
 */
export function compileSchema(models: readonly DataModel[]): SchemaNode {
  const root = emptyNode('object', 'Device', 'Device.');
  for (const model of models) {
    for (const type of model.types) {
      const row = nodeAt(root, type.path);
      if (row.model) throw new TypeError(`${type.path} is described twice`);
      row.type = type;
      row.model = model;
      row.parameters = byName(type.parameters);
      row.commands = byName(type.commands ?? []);
      row.events = byName(type.events ?? []);
    }
  }
  settleTables(root);
  return root;
}

function nodeAt(root: GrowingNode, path: string): GrowingNode {
  if (!/^Device\.(?:[A-Za-z_][\w-]*\.(?:\{i\}\.)?)*$/.test(path)) throw new TypeError(`${path} is no object type`);
  let node = root;
  const names = path.split('.').slice(1, -1);
  for (const [i, name] of names.entries()) {
    let next = node.children.get(name);
    const kind = name === '{i}' ? 'row' : names[i + 1] === '{i}' ? 'table' : 'object';
    if (!next) {
      next = emptyNode(kind, name, `${node.path}${name}.`);
      node.children.set(name, next);
    }
    if (next.kind !== kind) throw new TypeError(`${next.path} is both an object and a table`);
    node = next;
  }
  return node;
}

/** A table answers as its rows do. */
function settleTables(node: GrowingNode): void {
  for (const child of node.children.values()) settleTables(child);
  const row = node.kind === 'table' ? node.children.get('{i}') : undefined;
  if (row) {
    node.type = row.type;
    node.model = row.model;
  }
}

function emptyNode(kind: SchemaNode['kind'], name: string, path: string): GrowingNode {
  return {
    kind,
    name,
    path,
    type: { path, access: 'readOnly', uniqueKeys: [], parameters: [] },
    model: undefined,
    children: new Map(),
    parameters: new Map(),
    commands: new Map(),
    events: new Map(),
  };
}

function byName<T extends { readonly name: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** The parameter that a relative path from an object names: of its own, or of single objects below it. */
export function parameterAt(node: SchemaNode, relativePath: string): ParameterType | undefined {
  const names = relativePath.split('.');
  let at: SchemaNode | undefined = node;
  for (const name of names.slice(0, -1)) {
    at = at?.children.get(name);
    if (at?.kind !== 'object') return undefined;
  }
  return at?.parameters.get(names.at(-1) ?? '');
}

/** Whether changes of that parameter are told to subscribers. */
export function notifies(parameter: ParameterType): boolean {
  return parameter.notifiesChange ?? parameter.access !== 'readOnly';
}

/** The parameters of all unique keys of a type. */
export function keyNames(type: ObjectType): ReadonlySet<string> {
  return new Set(type.uniqueKeys.flat());
}

/** Values of all unique keys of a row, as read. */
export function keyValues(type: ObjectType, row: ReadonlyMap<string, string>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const key of type.uniqueKeys) {
    for (const name of key) {
      const value = row.get(name);
      if (value !== undefined) values[name] = value;
    }
  }
  return values;
}

/** The place of an object given by its path, with instance numbers or "{i}"; undefined where the schema has none. */
export function placeOfObject(root: SchemaNode, path: string): SchemaNode | undefined {
  const [first, ...names] = path.split('.').slice(0, -1);
  let node: SchemaNode | undefined = first === root.name ? root : undefined;
  for (const name of names) node = node?.children.get(/^\d+$/.test(name) ? '{i}' : name);
  return node;
}

/** The place that the object part of a path names; undefined where there is none, and where it follows references. */
export function placeOfPath(root: SchemaNode, { steps }: Path): SchemaNode | undefined {
  const path = supportedPath(steps);
  return path === undefined ? undefined : placeOfObject(root, path);
}
