import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Compilable } from 'kysely';

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Stands in a query for a value that is given at each run. `T` is whatever type the query wants there. */
export function given<T>(name: string): T {
  return new Placeholder(name) as T;
}

/** A query that Kysely wrote once and SQLite prepared once, for what runs thousands of times a second. */
export class Statement<Row = never> {
  readonly #statement: StatementSync;
  readonly #parameters: readonly unknown[];

  constructor(database: DatabaseSync, query: Compilable) {
    const { sql, parameters } = query.compile();
    this.#statement = database.prepare(sql);
    this.#parameters = parameters;
  }

  run(values: Readonly<Record<string, SQLInputValue>>): void {
    this.#statement.run(...this.#bind(values));
  }

  first(values: Readonly<Record<string, SQLInputValue>>): Row | undefined {
    return this.#statement.get(...this.#bind(values)) as Row | undefined;
  }

  #bind(values: Readonly<Record<string, SQLInputValue>>): SQLInputValue[] {
    return this.#parameters.map((parameter) =>
      parameter instanceof Placeholder ? (values[parameter.name] ?? null) : (parameter as SQLInputValue),
    );
  }
}
