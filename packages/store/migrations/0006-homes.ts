import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Homes with several ways in: which a gateway is a way into, and which an appliance is in. */
export const homes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('gateways').addColumn('home', 'text').execute();
    await db.schema.alterTable('appliances').addColumn('home_id', 'text').execute();
  },
};
