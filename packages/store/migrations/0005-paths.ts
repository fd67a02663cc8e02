import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What a gateway is itself behind, and the sessions that cross more gateways than their appliance's own. */
export const paths: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('gateways').addColumn('behind', 'text').execute();
    await db.schema
      .createTable('further_hops')
      .addColumn('gateway_id', 'text', (column) => column.notNull())
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('further_hops_key', ['gateway_id', 'session_id'])
      .execute();
    await db.schema.createIndex('further_hops_of_session').on('further_hops').column('session_id').execute();
  },
};
