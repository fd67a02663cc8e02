import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Why a registration is believed that no operator made. */
export const evidence: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('gateways').addColumn('evidence', 'text').execute();
    await db.schema.alterTable('appliances').addColumn('evidence', 'text').execute();
  },
};
