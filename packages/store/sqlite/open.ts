import type { Log, Store } from '@sluice/control';
import { StoreUnusable } from '../unusable.ts';

/** Where the database is and who is told. */
export interface SqliteStoreOptions {
  /** Made where it does not exist, with mode 0600; its folder must exist. */
  readonly file: string;
  readonly log: Log;
}

/** Opens the database, brings it to this version's schema, and holds it alone. Throws {@link StoreUnusable}. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  throw new StoreUnusable('unreadable', `${options.file}: not yet`);
}
