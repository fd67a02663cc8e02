import { errorCode } from '@sluice/wire/usp';
import type {
  Caller,
  ChangeFailure,
  ChangeResult,
  DataModel,
  ModelChange,
  ModelEvent,
  ObjectType,
} from './data-model.ts';
import { type Cell, type MemoryObject, MemoryStore, splitRow, type Undo } from './memory-store.ts';
import { keyValues } from './schema.ts';

/** What a memory model may do beyond keeping values. */
export interface MemoryModelOptions {
  /** By object type ("Device.LocalAgent.Subscription.{i}."): what a new row, or an object in it, has that was not given. */
  readonly defaults?: Readonly<Record<string, (caller: Caller) => Readonly<Record<string, Cell>>>>;
  /** Tables whose rows only the controller that made them sees. */
  readonly owned?: readonly string[];
  /** Says no to a change that a controller wants. `object`: as it is before; undefined for add. */
  readonly refuse?: (
    change: ModelChange,
    object: ReadonlyMap<string, string> | undefined,
    caller: Caller,
  ) => Omit<ChangeFailure, 'index'> | undefined;
  readonly operate?: NonNullable<DataModel['operate']>;
  readonly perform?: NonNullable<DataModel['perform']>;
}

/**
 * A data model kept in memory: single objects and tables, whose values the program puts and controllers change where
 * the types let them. A new row without an Alias gets one.
 */
export class MemoryModel implements DataModel {
  readonly types: readonly ObjectType[];
  readonly operate?: NonNullable<DataModel['operate']>;
  readonly perform?: NonNullable<DataModel['perform']>;
  readonly #options: MemoryModelOptions;
  readonly #store: MemoryStore;
  readonly #listeners = new Set<(event: ModelEvent) => void>();

  constructor(types: readonly ObjectType[], options: MemoryModelOptions = {}) {
    this.types = types;
    this.#options = options;
    this.#store = new MemoryStore(types);
    if (options.operate) this.operate = options.operate;
    if (options.perform) this.perform = options.perform;
  }

  instances(table: string, caller: Caller): readonly number[] {
    const seen = [...this.#store.numbers(table)].filter((number) => this.#see(`${table}${number}.`, caller));
    return seen.sort((a, b) => a - b);
  }

  read(path: string, caller: Caller): ReadonlyMap<string, string> | undefined {
    const object = this.#see(path, caller);
    return object && values(object, caller);
  }

  find(table: string, key: ReadonlyMap<string, string>, caller: Caller): number | undefined {
    return this.#store.find(table, key, caller.endpointId);
  }

  apply(changes: readonly ModelChange[], caller: Caller): ChangeResult {
    return this.#attempt(changes, caller, true);
  }

  validate(changes: readonly ModelChange[], caller: Caller): ChangeResult {
    return this.#attempt(changes, caller, false);
  }

  observe(listener: (event: ModelEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The program's own hand: sets values of an object or row, which is made where it is not there. */
  put(path: string, cells: Readonly<Record<string, Cell>>, owner?: string): void {
    const work = new Work(this.#store);
    if (this.#store.get(path)) work.change(path, Object.entries(cells));
    else work.make(path, { cells: new Map(Object.entries(cells)), owner });
    this.#tell(work.events);
  }

  /** The program's own hand: removes an object with all below it; harmless where there is none. */
  drop(path: string): void {
    const work = new Work(this.#store);
    work.remove(path);
    this.#tell(work.events);
  }

  /** The program's own hand: adds a row as that controller would, and returns its path. */
  add(table: string, cells: Readonly<Record<string, string>>, caller: Caller): string {
    const work = new Work(this.#store);
    const path = this.#addRow(work, table, new Map(Object.entries(cells)), caller);
    this.#tell(work.events);
    return path;
  }

  /** Tells of an event of an object: "Boot!". */
  emit(object: string, name: string, args: Readonly<Record<string, string>>, visibleTo?: string): void {
    const event = { kind: 'event', object, name, args: new Map(Object.entries(args)) } as const;
    this.#tell([visibleTo === undefined ? event : { ...event, visibleTo }]);
  }

  /** Does everything, and takes it all back where something fails or nothing is to last. */
  #attempt(changes: readonly ModelChange[], caller: Caller, lasting: boolean): ChangeResult {
    const work = new Work(this.#store);
    const failures: ChangeFailure[] = [];
    const objects = changes.map((change, index) => {
      const failure = this.#refusal(change, caller);
      if (failure) failures.push({ index, ...failure });
      return failure ? '' : this.#do(work, change, caller);
    });
    // Keys need only be unique when all is done (TR-369 "Selecting Objects and Parameters").
    for (const [index, path] of objects.entries()) {
      const clash = this.#store.clash(path);
      if (!clash) continue;
      const message = `another row has this ${clash.join(', ')}`;
      failures.push({ index, code: errorCode.duplicateUniqueKey, message, parameter: clash.at(-1) ?? '' });
    }
    if (failures.length > 0 || !lasting) work.undo();
    if (failures.length > 0) return { ok: false, failures };
    if (lasting) this.#tell(work.events);
    return { ok: true, objects };
  }

  #refusal(change: ModelChange, caller: Caller): Omit<ChangeFailure, 'index'> | undefined {
    if (change.kind === 'add') return this.#options.refuse?.(change, undefined, caller);
    const object = this.read(change.object, caller);
    if (!object) return { code: errorCode.objectDoesNotExist, message: `${change.object} does not exist` };
    return this.#options.refuse?.(change, object, caller);
  }

  #do(work: Work, change: ModelChange, caller: Caller): string {
    if (change.kind === 'add') return this.#addRow(work, change.table, change.parameters, caller);
    if (change.kind === 'set') work.change(change.object, change.parameters);
    else work.remove(change.object);
    return change.object;
  }

  #addRow(work: Work, table: string, given: ReadonlyMap<string, string>, caller: Caller): string {
    const number = this.#store.takeNumber(table);
    const path = `${table}${number}.`;
    const owner = this.#options.owned?.includes(table) ? caller.endpointId : undefined;
    const cells = this.#newCells(path, '', given, caller);
    const named = this.#store.typeOf(path).uniqueKeys.some((names) => names.includes('Alias'));
    if (named && !cells.has('Alias')) cells.set('Alias', `cpe-${number}`);
    work.make(path, { cells, owner });
    for (const single of this.#store.singles(path)) {
      work.make(`${path}${single}`, { cells: this.#newCells(path, single, given, caller), owner });
    }
    return path;
  }

  /** Defaults, and over them what was given for the object at a relative path from the row. */
  #newCells(row: string, relative: string, given: ReadonlyMap<string, string>, caller: Caller): Map<string, Cell> {
    const type = this.#store.typeOf(`${row}${relative}`).path;
    const cells = new Map<string, Cell>(Object.entries(this.#options.defaults?.[type]?.(caller) ?? {}));
    for (const [name, value] of given) {
      const own = name.slice(relative.length);
      if (name.startsWith(relative) && !own.includes('.')) cells.set(own, value);
    }
    return cells;
  }

  #see(path: string, caller: Caller): MemoryObject | undefined {
    const object = this.#store.get(path);
    return object && (object.owner === undefined || object.owner === caller.endpointId) ? object : undefined;
  }

  #tell(events: readonly ModelEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}

/** One transaction: what it did, to be told or taken back. */
class Work {
  readonly events: ModelEvent[] = [];
  readonly #store: MemoryStore;
  readonly #undo: Undo[] = [];

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  make(path: string, object: MemoryObject): void {
    this.#undo.push(this.#store.insert(path, object));
    if (splitRow(path)) {
      this.events.push({ kind: 'created', object: path, uniqueKeys: this.#keys(path, object), ...visibility(object) });
    }
  }

  change(path: string, cells: Iterable<readonly [string, Cell]>): void {
    for (const [relative, cell] of cells) {
      const dot = relative.lastIndexOf('.') + 1;
      const at = `${path}${relative.slice(0, dot)}`;
      const parameter = relative.slice(dot);
      const object = this.#store.get(at);
      if (!object || object.cells.get(parameter) === cell) continue;
      this.#undo.push(this.#store.assign(at, parameter, cell));
      if (typeof cell !== 'string') continue;
      this.events.push({ kind: 'changed', object: at, parameter, value: cell, ...visibility(object) });
    }
  }

  remove(path: string): void {
    for (const each of [...this.#store.below(path), path]) {
      const object = this.#store.get(each);
      if (!object) continue;
      const uniqueKeys = this.#keys(each, object);
      this.#undo.push(this.#store.remove(each));
      if (splitRow(each)) this.events.push({ kind: 'deleted', object: each, uniqueKeys, ...visibility(object) });
    }
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step();
  }

  #keys(path: string, object: MemoryObject): ReadonlyMap<string, string> {
    return new Map(
      Object.entries(keyValues(this.#store.typeOf(path), values(object, { endpointId: object.owner ?? '' }))),
    );
  }
}

function values(object: MemoryObject, caller: Caller): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  for (const [name, cell] of object.cells) read.set(name, typeof cell === 'string' ? cell : cell(caller));
  return read;
}

function visibility({ owner }: MemoryObject): { readonly visibleTo?: string } {
  return owner === undefined ? {} : { visibleTo: owner };
}
