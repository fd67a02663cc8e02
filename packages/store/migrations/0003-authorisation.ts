import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Secrets apart from what is open, sealed; whom portals ask streams from; people who sign in. */
export const authorisation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('gateways').addColumn('secrets_key', 'text').execute();
    await db.schema.alterTable('gateways').addColumn('secrets', 'text').execute();
    await db.schema
      .createTable('own_secrets')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('secrets_key', 'text', (column) => column.notNull())
      .addColumn('secret', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('portals')
      .addColumn('portal_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('remotes', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('operators')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
