import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Log, Store } from '@sluice/control';
import { Kysely } from 'kysely';
import { migrate, NewerSchema } from '../migrations/migrate.ts';
import { KeyFile, type KeyFileOptions } from '../secrets/key-file.ts';
import { StoreUnusable } from '../unusable.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { faultOf } from './faults.ts';
import { sealAnew } from './seal-anew.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { Tables } from './tables.ts';
import { Vault } from './vault.ts';

/** Where the database is and who is told. */
export interface SqliteStoreOptions {
  /** Made where it does not exist, for this user alone; its folder too. */
  readonly file: string;
  readonly log: Log;
  /** Where the keys are that secrets are sealed with; left out, `<file>.key`, made when the first secret comes. */
  readonly keys?: KeyFileOptions;
}

const pragmas = [
  'locking_mode = exclusive',
  // Three sessions fit into a page, where 4 KiB would hold one. Heard when the database is made.
  'page_size = 8192',
  'journal_mode = wal',
  'synchronous = full',
  // KiB: the pages that are written to stay at hand.
  'cache_size = -65536',
  // Pages: a checkpoint costs two more fsyncs.
  'wal_autocheckpoint = 2000',
];

/**
 * Opens the database, brings it to this version's schema, and holds it alone: two configuration servers on one
 * database would undo each other's openings. Throws {@link StoreUnusable}.
 */
export async function openSqliteStore({
  file,
  log,
  keys = { file: `${file}.key` },
}: SqliteStoreOptions): Promise<Store> {
  let database: DatabaseSync | undefined;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(file);
    await chmod(file, 0o600);
    for (const pragma of pragmas) database.exec(`pragma ${pragma}`);
    const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
    const migrated = await migrate(db);
    if (migrated.length > 0) log.info({ file, migrated }, 'database brought to this version');
    const vault = new Vault(await KeyFile.open(keys), file);
    const sealed = await sealAnew(database, db, vault);
    if (sealed > 0) log.info({ file, keys: keys.file, sealed }, 'secrets sealed with the newest key');
    return new SqliteStore(database, db, vault, file);
  } catch (error) {
    database?.close();
    if (error instanceof NewerSchema)
      throw new StoreUnusable(
        'newer',
        `the database ${file} is of a newer version: ${error.message}; run that version`,
        error,
      );
    throw unopened(file, error);
  }
}

function unopened(file: string, error: unknown): unknown {
  const fault = faultOf(file, error);
  const system = error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code));
  return system
    ? new StoreUnusable('unreadable', `the database ${file} cannot be opened: ${error.message}`, error)
    : fault;
}
