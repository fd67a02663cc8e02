import type { IpAddress } from '@sluice/model';
import { aliasKey, keysOf, objectOf, type Row } from './row.ts';
import { type OpeningTable, openingTables } from './wanted.ts';

/** The rows of both tables, found by whatever names them; every look-up takes the same time however many there are. */
export class Rows {
  readonly #byObject = new Map<string, Row>();
  readonly #byKey = new Map<string, Row>();
  readonly #byOwner = new Map<string, Map<number, Row>>();
  readonly #toDevice = new Map<IpAddress, number>();

  get size(): number {
    return this.#byObject.size;
  }

  all(): IterableIterator<Row> {
    return this.#byObject.values();
  }

  get(object: string): Row | undefined {
    return this.#byObject.get(object);
  }

  /** The row that has a unique key (see {@link keysOf}). */
  holding(key: string): Row | undefined {
    return this.#byKey.get(key);
  }

  named(owner: string, table: OpeningTable, alias: string): Row | undefined {
    return this.#byKey.get(aliasKey(owner, table, alias));
  }

  /** An owner's rows of one table by instance number, ascending. */
  of(owner: string, table: OpeningTable): ReadonlyMap<number, Row> {
    return this.#byOwner.get(`${owner} ${table}`) ?? noRows;
  }

  /** How many rows an owner has, in both tables. */
  ofOwner(owner: string): number {
    return openingTables.reduce((sum, table) => sum + this.of(owner, table).size, 0);
  }

  /** How many openings point at a device. */
  toDevice(address: IpAddress): number {
    return this.#toDevice.get(address) ?? 0;
  }

  /** Puts a row in, in place of the one with the same instance number where there is one. */
  put(row: Row): void {
    const object = objectOf(row);
    const before = this.#byObject.get(object);
    if (before) this.#forget(before);
    this.#byObject.set(object, row);
    for (const { text } of keysOf(row)) this.#byKey.set(text, row);
    const owned = `${row.owner} ${row.table}`;
    const rows = this.#byOwner.get(owned) ?? new Map<number, Row>();
    this.#byOwner.set(owned, rows.set(row.instance, row));
    this.#count(row, 1);
  }

  drop(row: Row): void {
    this.#byObject.delete(objectOf(row));
    this.#forget(row);
    const owned = `${row.owner} ${row.table}`;
    const rows = this.#byOwner.get(owned);
    rows?.delete(row.instance);
    if (rows?.size === 0) this.#byOwner.delete(owned);
  }

  // Two rows of one change may swap a key: it is forgotten only while it is still this row's.
  #forget(row: Row): void {
    for (const { text } of keysOf(row)) if (this.#byKey.get(text) === row) this.#byKey.delete(text);
    this.#count(row, -1);
  }

  #count(row: Row, by: number): void {
    const device = row.opening?.local.address;
    if (device === undefined) return;
    const count = this.toDevice(device) + by;
    if (count > 0) this.#toDevice.set(device, count);
    else this.#toDevice.delete(device);
  }
}

const noRows: ReadonlyMap<number, Row> = new Map();
