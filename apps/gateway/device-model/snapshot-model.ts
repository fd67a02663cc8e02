import type { ChangeResult, DataModel, ModelChange, ObjectType } from '@sluice/usp-agent';
import { errorCode } from '@sluice/wire/usp';
import { Listeners } from './listeners.ts';

/** Objects with their parameters, by path: "Device.IP.Interface.1." */
export type Snapshot = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A part of the data model that controllers read and the gateway writes: always the last snapshot that it was given. */
export class SnapshotModel implements DataModel {
  readonly types: readonly ObjectType[];
  readonly #typeOf: ReadonlyMap<string, ObjectType>;
  readonly #listeners = new Listeners();
  #snapshot: Snapshot = new Map();
  #instances = new Map<string, number[]>();

  constructor(types: readonly ObjectType[]) {
    this.types = types;
    this.#typeOf = new Map(types.map((type) => [type.path, type]));
  }

  /** Takes a snapshot in place of the last, and tells what is different. */
  update(snapshot: Snapshot): void {
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    this.#instances = instancesIn(snapshot);
    for (const object of before.keys()) if (!snapshot.has(object)) this.#listeners.tell({ kind: 'deleted', object });
    for (const [object, values] of snapshot) {
      const type = this.#typeOf.get(object.replace(/\.\d+(?=\.)/g, '.{i}'));
      const old = before.get(object);
      if (old) this.#tellChanges(object, type, old, values);
      else if (object !== type?.path)
        this.#listeners.tell({ kind: 'created', object, uniqueKeys: keysIn(values, type) });
    }
  }

  instances(table: string): readonly number[] {
    return this.#instances.get(table) ?? [];
  }

  read(object: string): ReadonlyMap<string, string> | undefined {
    return this.#snapshot.get(object);
  }

  apply(changes: readonly ModelChange[]): ChangeResult {
    const failures = changes.map((_, index) => ({
      index,
      code: errorCode.permissionDenied,
      message: 'only the gateway itself writes here',
    }));
    return failures.length > 0 ? { ok: false, failures } : { ok: true, objects: [] };
  }

  observe(listener: Parameters<Listeners['observe']>[0]): () => void {
    return this.#listeners.observe(listener);
  }

  #tellChanges(
    object: string,
    type: ObjectType | undefined,
    before: ReadonlyMap<string, string>,
    now: ReadonlyMap<string, string>,
  ): void {
    for (const { name: parameter, notifiesChange } of type?.parameters ?? []) {
      const value = now.get(parameter);
      if (notifiesChange && value !== undefined && value !== before.get(parameter))
        this.#listeners.tell({ kind: 'changed', object, parameter, value });
    }
  }
}

function instancesIn(snapshot: Snapshot): Map<string, number[]> {
  const instances = new Map<string, number[]>();
  for (const object of snapshot.keys()) {
    const [, table, number] = /^(.*\.)(\d+)\.$/.exec(object) ?? [];
    if (table === undefined) continue;
    const numbers = instances.get(table) ?? [];
    numbers.push(Number(number));
    instances.set(table, numbers);
  }
  for (const numbers of instances.values()) numbers.sort((a, b) => a - b);
  return instances;
}

function keysIn(values: ReadonlyMap<string, string>, type: ObjectType | undefined): Map<string, string> {
  const names = type?.uniqueKeys.flat() ?? [];
  return new Map(names.map((name) => [name, values.get(name) ?? '']));
}
