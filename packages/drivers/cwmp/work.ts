import { Unreachable } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import type { ParameterValue } from '@sluice/wire/cwmp';
import { faultCode } from '@sluice/wire/cwmp';
import { answerTo, DeviceFault } from './asking.ts';
import type { DeviceKnowledge } from './device-book.ts';
import { discoverTr098 } from './discover-tr098.ts';
import { discoverTr181 } from './discover-tr181.ts';
import { settledKey } from './doubts.ts';
import type { Place, RowPlace } from './place.ts';
import type { DeviceConversation } from './port.ts';
import { isBroken, isWider, type SeenRow } from './seen.ts';
import { type SeenTables, Tables } from './tables.ts';

/** Being alone with one device to read and change its rows. What it begins it does not leave half done. */
export class Work {
  readonly device: DeviceConversation;
  readonly known: DeviceKnowledge;
  readonly clock: Clock;
  readonly tables: Tables;
  /** Something was asked that may have changed the device. */
  hasChanged = false;
  /** Whoever waits leaves when they like; the device's answers are needed to leave nothing behind. */
  readonly #patient = new AbortController().signal;

  constructor(device: DeviceConversation, known: DeviceKnowledge, clock: Clock) {
    this.device = device;
    this.known = known;
    this.clock = clock;
    this.tables = new Tables(device, known.model, this.#patient);
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

  /** Every row of the tables, when what was left over of ours was taken away, and what is open wider than it was. */
  async rows(): Promise<SeenTables> {
    const place = await this.place();
    const seen = await this.tables.all(place);
    const { doubts, asked } = this.known;
    const key = this.device.contact.parameters.get(`${this.device.contact.root}ManagementServer.ParameterKey`);
    const blank = [...seen.rows, ...seen.rules].filter(({ isBlank }) => isBlank).map(({ path }) => path);
    const isLeft = (row: SeenRow) => isBroken(row) || isWider(row, place, asked.get(row.id ?? ''));
    const left = [...doubts.orphans(blank, key), ...seen.rows.filter(isLeft).map(({ path }) => path)];
    const gone = await this.#removeAll(left);
    const rows = seen.rows.filter(({ path }) => !gone.has(path));
    // A rule narrows one mapping, and goes with it: never before it.
    const needed = new Set(rows.flatMap(({ rule }) => rule?.path ?? []));
    const idle = seen.rules.filter(({ id, path }) => id !== undefined && !needed.has(path)).map(({ path }) => path);
    const goneRules = await this.#removeAll(idle);
    if (gone.size === left.length && goneRules.size === idle.length) doubts.clear();
    this.known.lookedAt = this.clock.now();
    this.known.places.clear();
    this.#remember(rows);
    return { rows, rules: seen.rules.filter(({ path }) => !gone.has(path) && !goneRules.has(path)) };
  }

  /** These rows as they are now; those that are gone are left out. */
  async look(wanted: readonly RowPlace[]): Promise<readonly SeenRow[]> {
    const { rows } = await this.tables.some(wanted, await this.place());
    this.#remember(rows);
    return rows;
  }

  /** These rows as they are now, by where they were last seen; undefined where one is not known, or is no longer there. */
  async lookAgain(ids: readonly string[]): Promise<readonly SeenRow[] | undefined> {
    const places = ids.flatMap((id) => this.known.places.get(id) ?? []);
    if (places.length < ids.length) return undefined;
    const rows = await this.look(places);
    return ids.every((id) => rows.some((row) => row.id === id)) ? rows : undefined;
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

  #remember(rows: readonly SeenRow[]): void {
    for (const row of rows) if (row.id !== undefined) this.known.places.set(row.id, row);
  }

  /** The paths of those that are gone. */
  async #removeAll(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const gone = new Set<string>();
    for (const path of paths) if (await this.remove(path)) gone.add(path);
    return gone;
  }
}
