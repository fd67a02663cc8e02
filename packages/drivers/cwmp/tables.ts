import type { ParameterValue } from '@sluice/wire/cwmp';
import { readBelow, readNames, readTogether, readValues } from './asking.ts';
import type { ModelKnowledge } from './device-book.ts';
import { type OpeningTable, type Place, type RowPlace, type RuleTable, tablesOf } from './place.ts';
import type { DeviceConversation } from './port.ts';
import { ruleNames, type SeenRule, seenRule } from './rules.ts';
import { type SeenRow, seenRow } from './seen.ts';
import { rowsIn } from './tree.ts';

/** What the tables of a place hold. */
export interface SeenTables {
  readonly rows: readonly SeenRow[];
  readonly rules: readonly SeenRule[];
}

/** Reads the tables of one device, and remembers which parameters rows of its model have. */
export class Tables {
  readonly #device: DeviceConversation;
  readonly #model: ModelKnowledge | undefined;
  readonly #signal: AbortSignal;

  constructor(device: DeviceConversation, model: ModelKnowledge | undefined, signal: AbortSignal) {
    this.#device = device;
    this.#model = model;
    this.#signal = signal;
  }

  /** Every row. */
  async all(place: Place): Promise<SeenTables> {
    const tables = tablesOf(place);
    const { rules } = place;
    const parts = [
      ...tables.map((table) => ({ path: table.path, wanted: isNamed(table) })),
      ...(rules ? [{ path: rules.path, wanted: isRuleName }] : []),
    ];
    return this.#seen(await readTogether(this.#device, parts, this.#signal), tables, rules);
  }

  /** These rows and their rules as they are now; those that are gone are left out. */
  async some(wanted: readonly RowPlace[], { rules }: Place): Promise<SeenTables> {
    const names: string[] = [];
    for (const { path, table, rule } of wanted) {
      const parameters = this.#model?.of(table).parameters ?? (await this.learn({ path, table }));
      names.push(...[...parameters].map((name) => `${path}${name}`));
      if (rule) names.push(...[...(await this.ruleParameters(rule.path))].map((name) => `${rule.path}${name}`));
    }
    const tables = [...new Set(wanted.map(({ table }) => table))];
    const values = await readValues(this.#device, names, this.#signal);
    if (values.length > 0) return this.#seen(values, tables, rules);
    // One of them is gone, or is another row by now: each is looked at by itself.
    const each: ParameterValue[] = [];
    for (const { path, table, rule } of wanted) {
      each.push(...(await readBelow(this.#device, path, isNamed(table), this.#signal)));
      if (rule) each.push(...(await readBelow(this.#device, rule.path, isRuleName, this.#signal)));
    }
    return this.#seen(each, tables, rules);
  }

  /** The parameters that rules have, by one that is there. */
  async ruleParameters(path: string): Promise<ReadonlySet<string>> {
    const known = this.#model?.rules.parameters;
    if (known) return known;
    const parameters = await this.#parametersOf(path, isRuleName);
    if (this.#model && parameters.size > 0) this.#model.rules.parameters = parameters;
    return parameters;
  }

  /** The parameters that rows of a table have, by one that is there. */
  async learn({ path, table }: RowPlace): Promise<ReadonlySet<string>> {
    const parameters = await this.#parametersOf(path, isNamed(table));
    if (this.#model) this.#model.of(table).parameters = parameters;
    return parameters;
  }

  async #parametersOf(path: string, wanted: (name: string) => boolean): Promise<ReadonlySet<string>> {
    const found = await readNames(this.#device, path, false, this.#signal);
    const names = found.map(({ name }) => name).filter((name) => name.startsWith(path) && wanted(name));
    return new Set(names.map((name) => name.slice(path.length)));
  }

  #seen(
    values: readonly ParameterValue[],
    tables: readonly OpeningTable[],
    ruleTable: RuleTable | undefined,
  ): SeenTables {
    const rules = ruleTable ? rowsIn(values, ruleTable.path) : [];
    const [firstRule] = rules;
    if (firstRule && this.#model) this.#model.rules.parameters = new Set(firstRule.values.keys());
    const seenRules = rules.map(seenRule);
    const byId = new Map(seenRules.flatMap((rule) => (rule.id === undefined ? [] : [[rule.id, rule]])));
    const rows = tables.flatMap((table) => {
      const found = rowsIn(values, table.path);
      const [first] = found;
      if (first && this.#model) this.#model.of(table).parameters = new Set(first.values.keys());
      const isMapping = table.names.sourcePort === undefined;
      return found.map((row) => {
        const seen = seenRow(row, table);
        const rule = isMapping && seen.id !== undefined ? byId.get(seen.id) : undefined;
        return rule ? { ...seen, rule } : seen;
      });
    });
    return { rows, rules: seenRules };
  }
}

/** The parameters of a row that matter. */
function isNamed({ names }: OpeningTable): (name: string) => boolean {
  const wanted = new Set(Object.values(names));
  return (name) => wanted.has(lastOf(name));
}

function isRuleName(name: string): boolean {
  return ruleNames.has(lastOf(name));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
