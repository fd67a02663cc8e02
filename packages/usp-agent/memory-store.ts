import type { Caller, ObjectType } from './data-model.ts';

/** A parameter's value, or how to work it out when it is read. */
export type Cell = string | ((caller: Caller) => string);

/** A row of a table, or a single object. */
export interface MemoryObject {
  readonly cells: Map<string, Cell>;
  /** The one endpoint that may see it; undefined: everyone. */
  readonly owner: string | undefined;
}

interface Table {
  readonly type: ObjectType;
  readonly numbers: Set<number>;
  /** Rows by the values of a unique key; more than one only until a transaction fails. */
  readonly byKey: Map<string, Set<number>>;
  next: number;
}

/** Takes back what it was returned for. */
export type Undo = () => void;

/** Objects by path, and rows by unique key. Every change can be taken back. */
export class MemoryStore {
  readonly #types: ReadonlyMap<string, ObjectType>;
  readonly #objects = new Map<string, MemoryObject>();
  readonly #tables = new Map<string, Table>();

  constructor(types: readonly ObjectType[]) {
    this.#types = new Map(types.map((type) => [type.path, type]));
  }

  /** The type of an object or row. Throws on a path that the model does not have: our own mistake. */
  typeOf(path: string): ObjectType {
    const type = this.#types.get(path.replaceAll(/\.\d+(?=\.)/g, '.{i}'));
    if (!type) throw new TypeError(`${path} is not of this model`);
    return type;
  }

  get(path: string): MemoryObject | undefined {
    return this.#objects.get(path);
  }

  /** Relative paths of the single objects in an object, directly or within each other. */
  singles(path: string): string[] {
    return this.#typesBelow(path).filter((relative) => !relative.includes('{i}'));
  }

  /** Numbers of the rows of a table, in no order. */
  numbers(table: string): Iterable<number> {
    return this.#tables.get(table)?.numbers ?? [];
  }

  /** A number that no row of the table had before: numbers are not given again. */
  takeNumber(table: string): number {
    return this.#table(table).next++;
  }

  insert(path: string, object: MemoryObject): Undo {
    const row = splitRow(path);
    this.#objects.set(path, object);
    if (row) {
      const table = this.#table(row.table);
      table.next = Math.max(table.next, row.number + 1);
      table.numbers.add(row.number);
      index(table, row.number, object, true);
    }
    return () => void this.remove(path);
  }

  remove(path: string): Undo {
    const object = this.#objects.get(path);
    if (!object) return () => {};
    const row = splitRow(path);
    this.#objects.delete(path);
    if (row) {
      const table = this.#table(row.table);
      table.numbers.delete(row.number);
      index(table, row.number, object, false);
    }
    return () => void this.insert(path, object);
  }

  assign(path: string, name: string, cell: Cell | undefined): Undo {
    const object = this.#objects.get(path);
    if (!object) return () => {};
    const before = object.cells.get(name);
    const row = splitRow(path);
    const table = row && this.#table(row.table);
    if (table) index(table, row.number, object, false);
    if (cell === undefined) object.cells.delete(name);
    else object.cells.set(name, cell);
    if (table) index(table, row.number, object, true);
    return () => void this.assign(path, name, before);
  }

  /** Paths of what lies below an object, at a cost in proportion to that. */
  below(path: string): string[] {
    return this.#typesBelow(path).flatMap((relative) => this.#expand(path, relative));
  }

  /** The row, of that owner or of nobody, that has all these values of one unique key. */
  find(tablePath: string, key: ReadonlyMap<string, string>, owner: string): number | undefined {
    const table = this.#tables.get(tablePath);
    const names = table?.type.uniqueKeys.find(
      (each) => each.length === key.size && each.every((name) => key.has(name)),
    );
    if (!table || !names) return undefined;
    const values = names.map((name) => key.get(name) ?? '');
    for (const whose of [owner, undefined]) {
      for (const number of table.byKey.get(keyText(names, whose, values)) ?? []) return number;
    }
    return undefined;
  }

  /** The names of a unique key that this row shares with another; undefined where it shares none. */
  clash(path: string): readonly string[] | undefined {
    const row = splitRow(path);
    const object = this.#objects.get(path);
    if (!row || !object) return undefined;
    const table = this.#table(row.table);
    return table.type.uniqueKeys.find((names) => (table.byKey.get(keyOf(names, object) ?? '')?.size ?? 0) > 1);
  }

  #typesBelow(path: string): string[] {
    const { path: template } = this.typeOf(path);
    const below = [...this.#types.keys()].filter((other) => other !== template && other.startsWith(template));
    return below.map((other) => other.slice(template.length));
  }

  /** The objects that there are of a type, "MTP.{i}.WebSocket.", below an object. */
  #expand(path: string, relative: string): string[] {
    const at = relative.indexOf('{i}.');
    if (at < 0) return this.#objects.has(`${path}${relative}`) ? [`${path}${relative}`] : [];
    const table = `${path}${relative.slice(0, at)}`;
    const rest = relative.slice(at + '{i}.'.length);
    return [...this.numbers(table)].flatMap((number) => this.#expand(`${table}${number}.`, rest));
  }

  #table(path: string): Table {
    let table = this.#tables.get(path);
    if (!table) {
      table = { type: this.typeOf(`${path}1.`), numbers: new Set(), byKey: new Map(), next: 1 };
      this.#tables.set(path, table);
    }
    return table;
  }
}

/** Table and number of a row's path; undefined for a single object. */
export function splitRow(path: string): { readonly table: string; readonly number: number } | undefined {
  const found = /^(.*\.)(\d+)\.$/.exec(path);
  return found?.[1] === undefined ? undefined : { table: found[1], number: Number(found[2]) };
}

function index(table: Table, number: number, object: MemoryObject, present: boolean): void {
  for (const names of table.type.uniqueKeys) {
    const text = keyOf(names, object);
    if (text === undefined) continue;
    const numbers = table.byKey.get(text);
    if (!present) {
      numbers?.delete(number);
      if (numbers?.size === 0) table.byKey.delete(text);
    } else if (numbers) numbers.add(number);
    else table.byKey.set(text, new Set([number]));
  }
}

/** A key is unique among the rows of one owner. Computed cells take no part. */
function keyOf(names: readonly string[], object: MemoryObject): string | undefined {
  const values = names.map((name) => object.cells.get(name));
  return values.every((value) => typeof value === 'string') ? keyText(names, object.owner, values) : undefined;
}

function keyText(names: readonly string[], owner: string | undefined, values: readonly string[]): string {
  return JSON.stringify([owner ?? null, names, values]);
}
