import type { DatabaseSync } from 'node:sqlite';
import type { Compilable, Kysely } from 'kysely';
import { faultOf } from './faults.ts';
import { GroupCommit } from './group-commit.ts';
import type { Statement } from './statement.ts';
import { prepareStatements, type Statements } from './statements.ts';
import type { Tables } from './tables.ts';
import type { Vault } from './vault.ts';

/** Rows of a list that names no limit. */
export const pageLength = 100;

/** The database under a store: every write in a group commit, every fault of the file told as one. */
export class SqliteAccess implements AsyncDisposable {
  protected readonly database: DatabaseSync;
  protected readonly db: Kysely<Tables>;
  protected readonly vault: Vault;
  protected readonly statements: Statements;
  readonly #file: string;
  readonly #commits: GroupCommit;

  constructor(database: DatabaseSync, db: Kysely<Tables>, vault: Vault, file: string) {
    this.database = database;
    this.db = db;
    this.vault = vault;
    this.#file = file;
    this.statements = prepareStatements(database, db);
    this.#commits = new GroupCommit(database);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.database.isOpen) return;
    this.#commits.close();
    await this.db.destroy();
    this.database.close();
  }

  /** Runs a query that is rare; resolves to how many rows it changed. */
  protected run(query: Compilable): number {
    const { sql, parameters } = query.compile();
    return Number(this.database.prepare(sql).run(...(parameters as (string | number | null)[])).changes);
  }

  protected find(query: Compilable): unknown {
    const { sql, parameters } = query.compile();
    return this.database.prepare(sql).get(...(parameters as (string | number)[]));
  }

  protected first<Row, T>(statement: Statement<Row>, values: Record<string, string>, toValue: (row: Row) => T) {
    return this.read(() => {
      const row = statement.first(values);
      return row === undefined ? undefined : toValue(row);
    });
  }

  protected async read<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw faultOf(this.#file, error);
    }
  }

  protected async write(work: () => void): Promise<void> {
    try {
      await this.#commits.write(work);
    } catch (error) {
      throw faultOf(this.#file, error);
    }
  }
}
