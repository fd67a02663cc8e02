import type { CwmpAnswer, CwmpFault, ParameterValue } from '@sluice/wire/cwmp';

/** A parameter of a new row: its type, and its value at first. */
export type Template = Readonly<Record<string, readonly [type: string, value: string]>>;

/** What a device checks before it takes values: faults by parameter. */
export type Check = (changes: readonly ParameterValue[]) => CwmpFault['parameters'];

interface Parameter {
  type: string;
  value: string;
  writable: boolean;
}

/** A CPE's data model with its values (TR-106): objects by their paths, tables whose rows can be added. */
export class DataTree {
  readonly #parameters = new Map<string, Parameter>();
  readonly #tables = new Map<string, Template>();
  readonly #last = new Map<string, number>();
  /** Gives the lowest free instance number, not the next one that never was. */
  reusesInstances = false;
  /** Tables that nobody adds rows to. */
  readonly readOnly = new Set<string>();
  check: Check = () => [];

  /** Adds a parameter that nobody can write from outside. */
  put(name: string, value: string, type = 'string'): void {
    this.#parameters.set(name, { type, value, writable: false });
  }

  table(path: string, template: Template): void {
    this.#tables.set(path, template);
  }

  value(name: string): string | undefined {
    return this.#parameters.get(name)?.value;
  }

  /** Writes without a check, as the device itself does. */
  write(name: string, value: string): void {
    const parameter = this.#parameters.get(name);
    if (parameter) parameter.value = value;
  }

  /** Paths of a table's rows, in order. */
  rows(table: string): readonly string[] {
    const numbers = new Set<number>();
    for (const name of this.#parameters.keys())
      if (name.startsWith(table)) numbers.add(Number(name.slice(table.length).split('.')[0]));
    return [...numbers].sort((a, b) => a - b).map((number) => `${table}${number}.`);
  }

  /** Adds a row; its instance number, or undefined where there is no such table. */
  add(table: string): number | undefined {
    const template = this.#tables.get(table);
    if (!template) return undefined;
    const taken = new Set(this.rows(table));
    let number = this.reusesInstances ? 1 : (this.#last.get(table) ?? 0) + 1;
    while (taken.has(`${table}${number}.`)) number++;
    this.#last.set(table, number);
    for (const [name, [type, value]] of Object.entries(template))
      this.#parameters.set(`${table}${number}.${name}`, { type, value, writable: true });
    return number;
  }

  /** Removes a row; whether there was one. */
  remove(row: string): boolean {
    const names = [...this.#parameters.keys()].filter((name) => name.startsWith(row));
    for (const name of names) this.#parameters.delete(name);
    return names.length > 0;
  }

  get(names: readonly string[]): CwmpAnswer {
    const values: ParameterValue[] = [];
    for (const wanted of names) {
      if (wanted !== '' && !wanted.endsWith('.')) {
        const parameter = this.#parameters.get(wanted);
        if (!parameter) return fault(9005, `no parameter ${wanted}`);
        values.push({ name: wanted, value: parameter.value, type: parameter.type });
        continue;
      }
      if (!this.#isObject(wanted)) return fault(9005, `no object ${wanted}`);
      for (const [name, { value, type }] of this.#parameters)
        if (name.startsWith(wanted)) values.push({ name, value, type });
    }
    return { name: 'GetParameterValuesResponse', values };
  }

  names(path: string, nextLevel: boolean): CwmpAnswer {
    if (!this.#isObject(path)) return fault(9005, `no object ${path}`);
    const found = new Map<string, boolean>();
    const all = [...this.#parameters].map(([name, { writable }]) => [name, writable] as const);
    for (const [name, writable] of [
      ...all,
      ...[...this.#tables.keys()].map((table) => [table, !this.readOnly.has(table)] as const),
    ]) {
      if (!name.startsWith(path) || name === path) continue;
      const dot = name.indexOf('.', path.length);
      if (nextLevel) found.set(dot < 0 ? name : name.slice(0, dot + 1), writable);
      else found.set(name, writable);
    }
    return {
      name: 'GetParameterNamesResponse',
      parameters: [...found].map(([name, writable]) => ({ name, writable })),
    };
  }

  /** All values, or none and a fault. */
  set(changes: readonly ParameterValue[]): CwmpAnswer | undefined {
    const wrong = changes.flatMap(({ name, value, type }) => {
      const parameter = this.#parameters.get(name);
      if (!parameter) return [{ name, code: 9005, message: 'no such parameter' }];
      if (!parameter.writable) return [{ name, code: 9008, message: 'not writable' }];
      if (parameter.type !== type) return [{ name, code: 9006, message: `not ${type} but ${parameter.type}` }];
      if (/[iI]nt$/.test(type) && !/^-?\d+$/.test(value)) return [{ name, code: 9007, message: 'no number' }];
      return [];
    });
    wrong.push(...(wrong.length === 0 ? this.check(changes) : []));
    if (wrong.length > 0) return fault(9003, 'Invalid arguments', wrong);
    for (const { name, value } of changes) this.write(name, value);
    return undefined;
  }

  #isObject(path: string): boolean {
    if (path === '' || this.#tables.has(path)) return true;
    for (const name of this.#parameters.keys()) if (name.startsWith(path)) return true;
    for (const table of this.#tables.keys()) if (table.startsWith(path)) return true;
    return false;
  }
}

/** A fault as a device sends it. */
export function fault(code: number, message: string, parameters: CwmpFault['parameters'] = []): CwmpFault {
  return { name: 'Fault', code, message, parameters };
}
