import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Who may join the deployment, and whose certificates count no more. */
export const enrolmentsAndRevocations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('enrolments')
      .addColumn('endpoint_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('names', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('revocations')
      .addColumn('sequence', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('endpoint_id', 'text', (column) => column.notNull())
      .addColumn('serial_number', 'text')
      .execute();
  },
};
