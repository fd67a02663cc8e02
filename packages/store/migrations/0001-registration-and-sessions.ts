import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The registration database, content sessions and the index of their openings. */
export const registrationAndSessions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('gateways')
      .addColumn('gateway_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('communication', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('appliances')
      .addColumn('appliance_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('gateway_id', 'text', (column) => column.notNull())
      .execute();
    await createSessions(db);
    await createOpenings(db);
  },
};

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('session_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('portal_id', 'text', (column) => column.notNull())
    .addColumn('appliance_id', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('gateway_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('sessions_of_request')
    .on('sessions')
    .columns(['appliance_id', 'request_id', 'portal_id'])
    .unique()
    .execute();
  await db.schema.createIndex('sessions_of_gateway').on('sessions').columns(['gateway_id', 'session_id']).execute();
  await db.schema
    .createIndex('sessions_in_state')
    .on('sessions')
    .columns(['state', 'session_id', 'created_at'])
    .execute();
}

async function createOpenings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('openings')
    .addColumn('opening_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('gateway_id', 'text', (column) => column.notNull())
    .addColumn('stream_type', 'text', (column) => column.notNull())
    .addColumn('global_address', 'text', (column) => column.notNull())
    .addColumn('global_port', 'integer', (column) => column.notNull())
    .addColumn('local_address', 'text', (column) => column.notNull())
    .addColumn('local_port', 'integer', (column) => column.notNull())
    // Five are written for each session, and they are looked through by operators only: one tree, in the order of ids.
    .modifyEnd(sql`without rowid`)
    .execute();
}
