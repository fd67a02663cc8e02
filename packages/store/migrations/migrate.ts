import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { registrationAndSessions } from './0001-registration-and-sessions.ts';
import { enrolmentsAndRevocations } from './0002-enrolments-and-revocations.ts';
import { authorisation } from './0003-authorisation.ts';
import { evidence } from './0004-evidence.ts';
import { paths } from './0005-paths.ts';
import { homes } from './0006-homes.ts';

/** Every schema version, oldest first. A migration that was released is never changed; a new one is added. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-registration-and-sessions': registrationAndSessions,
  '0002-enrolments-and-revocations': enrolmentsAndRevocations,
  '0003-authorisation': authorisation,
  '0004-evidence': evidence,
  '0005-paths': paths,
  '0006-homes': homes,
};

/** The database was written by a newer version of the software. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
}

/** Brings a database to the newest of `known`; resolves to the names of what was done. Throws {@link NewerSchema}. */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  known: Readonly<Record<string, Migration>> = migrations,
): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...known }) } });
  const done = await executedIn(db);
  const unknown = done.filter((name) => !(name in known));
  if (unknown.length > 0)
    throw new NewerSchema(`it holds schema ${unknown.join(', ')}, which this version does not know`);
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map(({ migrationName }) => migrationName);
}

async function executedIn<Tables>(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}
