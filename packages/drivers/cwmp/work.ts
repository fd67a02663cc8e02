import { Unreachable } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import type { ParameterValue } from '@sluice/wire/cwmp';
import { faultCode } from '@sluice/wire/cwmp';
import { answerTo, DeviceFault, readBelow, readNames, readValues } from './asking.ts';
import type { DeviceKnowledge } from './device-book.ts';
import { discoverTr098 } from './discover-tr098.ts';
import { discoverTr181 } from './discover-tr181.ts';
import { settledKey } from './doubts.ts';
import { type OpeningTable, type Place, tablesOf } from './place.ts';
import type { DeviceConversation } from './port.ts';
import { isBroken, type SeenRow, seenRow } from './seen.ts';
import { rowsIn } from './tree.ts';

/** A row, whatever is in it. */
interface RowPlace {
  readonly path: string;
  readonly table: OpeningTable;
}

/** Being alone with one device to read and change its rows. What it begins it does not leave half done. */
export class Work {
  readonly device: DeviceConversation;
  readonly known: DeviceKnowledge;
  readonly clock: Clock;
  /** Something was asked that may have changed the device. */
  hasChanged = false;
  /** Whoever waits leaves when they like; the device's answers are needed to leave nothing behind. */
  readonly #patient = new AbortController().signal;

  constructor(device: DeviceConversation, known: DeviceKnowledge, clock: Clock) {
    this.device = device;
    this.known = known;
    this.clock = clock;
  }

  /** Where openings are made. Throws `Unreachable` where the device has no connection in use. */
  async place(): Promise<Place> {
    const { known, device } = this;
    if (known.place) return known.place;
    const discover = device.contact.root === 'Device.' ? discoverTr181 : discoverTr098;
    const place = await discover(device, this.#patient);
    if (!place) throw new Unreachable('the device has no connection to the internet in use');
    known.place = place;
    return place;
  }

  /** Every row of the tables, when what was left over of ours was taken away. */
  async rows(): Promise<readonly SeenRow[]> {
    const place = await this.place();
    const seen = await this.#readRows(tablesOf(place));
    const { doubts } = this.known;
    const key = this.device.contact.parameters.get(`${this.device.contact.root}ManagementServer.ParameterKey`);
    const blank = seen.filter(({ isBlank }) => isBlank).map(({ path }) => path);
    const left = [...doubts.orphans(blank, key), ...seen.filter(isBroken).map(({ path }) => path)];
    const gone = new Set<string>();
    for (const path of left) if (await this.remove(path)) gone.add(path);
    if (gone.size === left.length) doubts.clear();
    this.known.lookedAt = this.clock.now();
    return seen.filter(({ path }) => !gone.has(path));
  }

  /** These rows as they are now; those that are gone are left out. */
  async look(wanted: readonly RowPlace[]): Promise<readonly SeenRow[]> {
    const names: string[] = [];
    for (const { path, table } of wanted) {
      const parameters = this.known.model?.of(table).parameters ?? (await this.#learn({ path, table }));
      names.push(...[...parameters].map((name) => `${path}${name}`));
    }
    const tables = [...new Set(wanted.map(({ table }) => table))];
    const values = await readValues(this.device, names, this.#patient);
    if (values.length > 0) return tables.flatMap((table) => this.#seen(values, table));
    // One of them is gone, or is another row by now: each is looked at by itself.
    const seen: SeenRow[] = [];
    for (const { path, table } of wanted)
      seen.push(...this.#seen(await readBelow(this.device, path, isNamed(table), this.#patient), table));
    return seen;
  }

  /** Adds a row. Throws `DeviceFault`, and what `ask` throws. */
  add(objectName: string, parameterKey: string) {
    this.hasChanged = true;
    return answerTo(this.device, { name: 'AddObject', objectName, parameterKey }, this.#patient);
  }

  /** Sets values, all or none; resolves to the status. Throws as {@link add} does. */
  async set(values: readonly ParameterValue[]): Promise<number> {
    this.hasChanged = true;
    const call = { name: 'SetParameterValues', values, parameterKey: settledKey } as const;
    return (await answerTo(this.device, call, this.#patient)).status;
  }

  /** Deletes a row; whether it is gone as far as the device tells. Throws what `ask` throws. */
  async remove(path: string): Promise<boolean> {
    try {
      this.hasChanged = true;
      const call = { name: 'DeleteObject', objectName: path, parameterKey: settledKey } as const;
      const { status } = await answerTo(this.device, call, this.#patient);
      if (status !== 0) return false;
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error;
      if (error.fault.code !== faultCode.invalidParameterName) return false;
    }
    this.known.doubts.settled(path);
    return true;
  }

  /** Takes rows back, the last one first; whether all are gone. */
  async undo(paths: readonly string[]): Promise<boolean> {
    let all = true;
    for (const path of paths.toReversed()) all = (await this.remove(path)) && all;
    return all;
  }

  async #readRows(tables: readonly OpeningTable[]): Promise<readonly SeenRow[]> {
    const seen: SeenRow[] = [];
    for (const table of tables)
      seen.push(...this.#seen(await readBelow(this.device, table.path, isNamed(table), this.#patient), table));
    return seen;
  }

  /** The parameters that rows of a table have, by one that is there. */
  async #learn({ path, table }: RowPlace): Promise<ReadonlySet<string>> {
    const found = await readNames(this.device, path, false, this.#patient);
    const names = found.map(({ name }) => name).filter((name) => name.startsWith(path) && isNamed(table)(name));
    const parameters = new Set(names.map((name) => name.slice(path.length)));
    if (this.known.model) this.known.model.of(table).parameters = parameters;
    return parameters;
  }

  #seen(values: readonly ParameterValue[], table: OpeningTable): readonly SeenRow[] {
    const rows = rowsIn(values, table.path);
    const [first] = rows;
    if (first && this.known.model) this.known.model.of(table).parameters = new Set(first.values.keys());
    return rows.map((row) => seenRow(row, table));
  }
}

/** The parameters of a row that matter. */
function isNamed({ names }: OpeningTable): (name: string) => boolean {
  const wanted = new Set(Object.values(names));
  return (name) => wanted.has(name.slice(name.lastIndexOf('.') + 1));
}
