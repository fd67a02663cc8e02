import type { DatabaseSync } from 'node:sqlite';
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';
import type { Vault } from './vault.ts';

const pageLength = 1_000;
/** `pragma user_version` of a database in which something stood in the open, until no octet of it is left. */
const toBeCleaned = 1;

/**
 * Seals what an older version left in the open, and with the newest key what an older one sealed; resolves to how many
 * rows it wrote. No octet of what stood in the open is left in the file or beside it. Throws StoreUnusable where a key
 * is missing.
 */
export async function sealAnew(database: DatabaseSync, db: Kysely<Tables>, vault: Vault): Promise<number> {
  const own = (await db.selectFrom('own_secrets').selectAll().execute()).filter((row) =>
    vault.isOlder(row.secrets_key),
  );
  const { ids, wasOpen } = await staleGateways(db, vault);
  if (ids.length + own.length > 0)
    await db.transaction().execute(async (within) => {
      if (wasOpen) await sql`pragma user_version = ${sql.lit(toBeCleaned)}`.execute(within);
      for (const row of own) {
        const { name, ...sealed } = await vault.ownSecretRow(row.name, vault.ownSecretOf(row));
        await within.updateTable('own_secrets').set(sealed).where('name', '=', name).execute();
      }
      for (const id of ids) {
        const found = within.selectFrom('gateways').selectAll().where('gateway_id', '=', id);
        const { gateway_id, ...sealed } = await vault.rowOf(vault.gatewayOf(await found.executeTakeFirstOrThrow()));
        await within.updateTable('gateways').set(sealed).where('gateway_id', '=', gateway_id).execute();
      }
    });
  // Also where it was not come to the last time.
  if (database.prepare('pragma user_version').get()?.user_version === toBeCleaned) clean(database);
  return ids.length + own.length;
}

/** Writes the whole file anew, and leaves nothing in the log beside it. */
function clean(database: DatabaseSync): void {
  database.exec('vacuum');
  database.exec('pragma wal_checkpoint(truncate)');
  database.exec('pragma user_version = 0');
}

/** Gateways with secrets in the open, or sealed with an older key. */
async function staleGateways(db: Kysely<Tables>, vault: Vault): Promise<{ ids: string[]; wasOpen: boolean }> {
  const ids: string[] = [];
  let wasOpen = false;
  for (let after = ''; ; ) {
    const query = db.selectFrom('gateways').select(['gateway_id', 'type', 'communication', 'secrets_key']);
    const page = await query.where('gateway_id', '>', after).orderBy('gateway_id').limit(pageLength).execute();
    for (const row of page) {
      const open = vault.hasOpenSecret(row);
      wasOpen ||= open;
      if (open || vault.isOlder(row.secrets_key)) ids.push(row.gateway_id);
    }
    const last = page.at(-1);
    if (!last || page.length < pageLength) return { ids, wasOpen };
    after = last.gateway_id;
  }
}
