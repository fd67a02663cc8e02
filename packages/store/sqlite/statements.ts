import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { given, Statement } from './statement.ts';
import type { Tables } from './tables.ts';

/** The statements of the way of a request, prepared once. Values are named as the columns. */
export function prepareStatements(database: DatabaseSync, db: Kysely<Tables>) {
  const gatewayColumns = {
    type: given<string>('type'),
    communication: given<string>('communication'),
    secrets_key: given<string | null>('secrets_key'),
    secrets: given<string | null>('secrets'),
    evidence: given<string | null>('evidence'),
    behind: given<string | null>('behind'),
    home: given<string | null>('home'),
  };
  const applianceColumns = {
    gateway_id: given<string>('gateway_id'),
    home_id: given<string | null>('home_id'),
    evidence: given<string | null>('evidence'),
  };
  return {
    putGateway: new Statement(
      database,
      db
        .insertInto('gateways')
        .values({ gateway_id: given('gateway_id'), ...gatewayColumns })
        .onConflict((conflict) => conflict.column('gateway_id').doUpdateSet(gatewayColumns)),
    ),
    gateway: new Statement<Tables['gateways']>(
      database,
      db.selectFrom('gateways').selectAll().where('gateway_id', '=', given<string>('gateway_id')),
    ),
    portal: new Statement<Tables['portals']>(
      database,
      db.selectFrom('portals').selectAll().where('portal_id', '=', given<string>('portal_id')),
    ),
    putAppliance: new Statement(
      database,
      db
        .insertInto('appliances')
        .values({ appliance_id: given('appliance_id'), ...applianceColumns })
        .onConflict((conflict) => conflict.column('appliance_id').doUpdateSet(applianceColumns)),
    ),
    appliance: new Statement<Tables['appliances']>(
      database,
      db.selectFrom('appliances').selectAll().where('appliance_id', '=', given<string>('appliance_id')),
    ),
    putSession: new Statement(
      database,
      db
        .insertInto('sessions')
        .values({
          session_id: given('session_id'),
          portal_id: given('portal_id'),
          appliance_id: given('appliance_id'),
          request_id: given('request_id'),
          gateway_id: given('gateway_id'),
          state: given('state'),
          created_at: given('created_at'),
          document: given('document'),
        })
        .onConflict((conflict) =>
          conflict.column('session_id').doUpdateSet({ state: given('state'), document: given('document') }),
        ),
    ),
    session: new Statement<{ document: string }>(
      database,
      db.selectFrom('sessions').select('document').where('session_id', '=', given<string>('session_id')),
    ),
    sessionOfRequest: new Statement<{ document: string }>(
      database,
      db
        .selectFrom('sessions')
        .select('document')
        .where('appliance_id', '=', given<string>('appliance_id'))
        .where('request_id', '=', given<string>('request_id'))
        .where('portal_id', '=', given<string>('portal_id')),
    ),
    putFurtherHop: new Statement(
      database,
      db
        .insertInto('further_hops')
        .values({ gateway_id: given('gateway_id'), session_id: given('session_id') })
        .onConflict((conflict) => conflict.columns(['gateway_id', 'session_id']).doNothing()),
    ),
    putOpening: new Statement(
      database,
      db
        .insertInto('openings')
        .values({
          opening_id: given('opening_id'),
          session_id: given('session_id'),
          gateway_id: given('gateway_id'),
          stream_type: given('stream_type'),
          global_address: given('global_address'),
          global_port: given('global_port'),
          local_address: given('local_address'),
          local_port: given('local_port'),
        })
        // An opening keeps its ends for as long as it has its id.
        .onConflict((conflict) => conflict.column('opening_id').doNothing()),
    ),
    dropOpening: new Statement(
      database,
      db.deleteFrom('openings').where('opening_id', '=', given<string>('opening_id')),
    ),
  };
}

/** See {@link prepareStatements}. */
export type Statements = ReturnType<typeof prepareStatements>;
