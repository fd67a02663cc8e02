import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, SqliteDialect, type SqliteStatement } from 'kysely';

/** Kysely over `node:sqlite`: its SQLite dialect expects another library's statements, which differ in little. */
export function nodeSqliteDialect(database: DatabaseSync): SqliteDialect {
  const prepared = new Map<string, SqliteStatement>();
  return new NodeSqliteDialect({
    database: {
      // The database is its opener's to close.
      close() {},
      prepare(sql) {
        const known = prepared.get(sql);
        if (known) return known;
        const statement = kyselyStatement(database.prepare(sql));
        prepared.set(sql, statement);
        return statement;
      },
    },
  });
}

class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** SQLite rolls back schema changes like any other; with this, a migration that fails leaves nothing of itself. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function kyselyStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
