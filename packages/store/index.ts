export { inMemoryStore } from './memory.ts';
export type { KeyFileOptions } from './secrets/key-file.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite/open.ts';
export { StoreUnusable, type UnusableReason } from './unusable.ts';
