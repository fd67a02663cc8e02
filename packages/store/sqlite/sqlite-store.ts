import type { DatabaseSync } from 'node:sqlite';
import {
  type Enrolment,
  type OpeningPlace,
  type OpeningQuery,
  type Page,
  type RequestKey,
  RequestTaken,
  type RevocationRecord,
  type SessionQuery,
  type Store,
  type StoreCounts,
} from '@sluice/control';
import type { ContentSession, Gateway, Registration, SessionState } from '@sluice/model';
import type { Compilable, Kysely } from 'kysely';
import { placesOf } from '../places.ts';
import { faultOf, isTaken } from './faults.ts';
import { GroupCommit } from './group-commit.ts';
import { enrolmentOf, gatewayOf, placeOf, registrationOf, revocationOf, sessionOf } from './rows.ts';
import type { Statement } from './statement.ts';
import { prepareStatements, type Statements } from './statements.ts';
import type { Tables } from './tables.ts';

const pageLength = 100;
const forgottenAtOnce = 1000;

/** The store in one SQLite database, which it closes when it is disposed of. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #db: Kysely<Tables>;
  readonly #file: string;
  readonly #statements: Statements;
  readonly #commits: GroupCommit;

  constructor(database: DatabaseSync, db: Kysely<Tables>, file: string) {
    this.#database = database;
    this.#db = db;
    this.#file = file;
    this.#statements = prepareStatements(database, db);
    this.#commits = new GroupCommit(database);
  }

  putGateway({ gatewayId, type, communication }: Gateway): Promise<void> {
    const row = { gateway_id: gatewayId, type, communication: JSON.stringify(communication) };
    return this.#write(() => this.#statements.putGateway.run(row));
  }

  gateway(gatewayId: string): Promise<Gateway | undefined> {
    return this.#first(this.#statements.gateway, { gateway_id: gatewayId }, gatewayOf);
  }

  gateways({ after = '', limit = pageLength }: Page = {}): Promise<readonly Gateway[]> {
    const query = this.#db.selectFrom('gateways').selectAll().where('gateway_id', '>', after);
    return this.#read(async () => (await query.orderBy('gateway_id').limit(limit).execute()).map(gatewayOf));
  }

  async forgetGateway(gatewayId: string): Promise<'forgotten' | 'unknown' | 'in-use'> {
    const behind = this.#db
      .selectFrom('appliances')
      .select('appliance_id')
      .where('gateway_id', '=', gatewayId)
      .limit(1);
    let outcome: 'forgotten' | 'unknown' | 'in-use' = 'in-use';
    await this.#write(() => {
      if (this.#find(behind) !== undefined) return;
      const removed = this.#run(this.#db.deleteFrom('gateways').where('gateway_id', '=', gatewayId));
      outcome = removed > 0 ? 'forgotten' : 'unknown';
    });
    return outcome;
  }

  putAppliance({ applianceId, gatewayId }: Registration): Promise<void> {
    const row = { appliance_id: applianceId, gateway_id: gatewayId };
    return this.#write(() => this.#statements.putAppliance.run(row));
  }

  appliance(applianceId: string): Promise<Registration | undefined> {
    return this.#first(this.#statements.appliance, { appliance_id: applianceId }, registrationOf);
  }

  appliances({ after = '', limit = pageLength }: Page = {}): Promise<readonly Registration[]> {
    const query = this.#db.selectFrom('appliances').selectAll().where('appliance_id', '>', after);
    return this.#read(async () => (await query.orderBy('appliance_id').limit(limit).execute()).map(registrationOf));
  }

  async forgetAppliance(applianceId: string): Promise<boolean> {
    let removed = 0;
    await this.#write(() => {
      removed = this.#run(this.#db.deleteFrom('appliances').where('appliance_id', '=', applianceId));
    });
    return removed > 0;
  }

  async putEnrolment({ endpointId, role, names, secretHash, expiresAt }: Enrolment): Promise<void> {
    const values = { role, names: JSON.stringify(names), secret_hash: secretHash, expires_at: expiresAt };
    const query = this.#db
      .insertInto('enrolments')
      .values({ endpoint_id: endpointId, ...values })
      .onConflict((conflict) => conflict.column('endpoint_id').doUpdateSet(values));
    await this.#write(() => void this.#run(query));
  }

  enrolment(endpointId: string): Promise<Enrolment | undefined> {
    const query = this.#db.selectFrom('enrolments').selectAll().where('endpoint_id', '=', endpointId);
    return this.#read(async () => (await query.execute()).map(enrolmentOf)[0]);
  }

  async takeEnrolment(endpointId: string, secretHash: string): Promise<boolean> {
    const query = this.#db
      .deleteFrom('enrolments')
      .where('endpoint_id', '=', endpointId)
      .where('secret_hash', '=', secretHash);
    let taken = 0;
    await this.#write(() => {
      taken = this.#run(query);
    });
    return taken > 0;
  }

  async addRevocation(revocation: Omit<RevocationRecord, 'sequence'>): Promise<RevocationRecord> {
    const { at, endpointId, serialNumber } = revocation;
    const row = { at, endpoint_id: endpointId, serial_number: serialNumber ?? null };
    const newest = this.#db.selectFrom('revocations').select('sequence').orderBy('sequence', 'desc').limit(1);
    let sequence = 0;
    await this.#write(() => {
      sequence = ((this.#find(newest) as { sequence: number } | undefined)?.sequence ?? 0) + 1;
      this.#run(this.#db.insertInto('revocations').values({ sequence, ...row }));
    });
    return { sequence, ...revocation };
  }

  revocations(after: number): Promise<readonly RevocationRecord[]> {
    const query = this.#db.selectFrom('revocations').selectAll().where('sequence', '>', after).orderBy('sequence');
    return this.#read(async () => (await query.execute()).map(revocationOf));
  }

  async putSession(session: ContentSession): Promise<void> {
    const { sessionId, gatewayId, state, createdAt, request } = session;
    const row = {
      session_id: sessionId,
      portal_id: request.portalId,
      appliance_id: request.applianceId,
      request_id: request.requestId,
      gateway_id: gatewayId,
      state,
      created_at: createdAt,
      document: JSON.stringify(session),
    };
    try {
      await this.#write(() => {
        this.#statements.putSession.run(row);
        this.#index(session);
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new RequestTaken(`the request ${request.requestId} has another session than ${sessionId}`, {
        cause: error,
      });
    }
  }

  session(sessionId: string): Promise<ContentSession | undefined> {
    return this.#first(this.#statements.session, { session_id: sessionId }, sessionOf);
  }

  sessionOfRequest({ portalId, applianceId, requestId }: RequestKey): Promise<ContentSession | undefined> {
    const key = { portal_id: portalId, appliance_id: applianceId, request_id: requestId };
    return this.#first(this.#statements.sessionOfRequest, key, sessionOf);
  }

  sessions(wanted: SessionQuery = {}): Promise<readonly ContentSession[]> {
    const { states, gatewayId, applianceId, after = '', limit = pageLength } = wanted;
    let query = this.#db.selectFrom('sessions').select('document').where('session_id', '>', after);
    if (states) query = query.where('state', 'in', states);
    if (gatewayId !== undefined) query = query.where('gateway_id', '=', gatewayId);
    if (applianceId !== undefined) query = query.where('appliance_id', '=', applianceId);
    return this.#read(async () => (await query.orderBy('session_id').limit(limit).execute()).map(sessionOf));
  }

  openings(wanted: OpeningQuery = {}): Promise<readonly OpeningPlace[]> {
    const { gatewayId, globalAddress, globalPort, after = '', limit = pageLength } = wanted;
    let query = this.#db.selectFrom('openings').selectAll().where('opening_id', '>', after);
    if (gatewayId !== undefined) query = query.where('gateway_id', '=', gatewayId);
    if (globalAddress !== undefined) query = query.where('global_address', '=', globalAddress);
    if (globalPort !== undefined) query = query.where('global_port', '=', globalPort);
    return this.#read(async () => (await query.orderBy('opening_id').limit(limit).execute()).map(placeOf));
  }

  counts(): Promise<StoreCounts> {
    return this.#read(async () => {
      const count = async (table: 'gateways' | 'appliances' | 'openings') =>
        (await this.#db.selectFrom(table).select(this.#db.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
      const rows = await this.#db
        .selectFrom('sessions')
        .select(['state', this.#db.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute();
      const sessions: Record<SessionState, number> = { opening: 0, open: 0, closing: 0, closed: 0, refused: 0 };
      for (const { state, n } of rows) sessions[state] = n;
      return {
        gateways: await count('gateways'),
        appliances: await count('appliances'),
        sessions,
        openings: await count('openings'),
      };
    });
  }

  async forgetSessions(createdBefore: number): Promise<number> {
    const old = this.#db
      .selectFrom('sessions')
      .select('session_id')
      .where('created_at', '<', createdBefore)
      .where('state', 'in', ['closed', 'refused'])
      .limit(forgottenAtOnce);
    let forgotten = 0;
    await this.#write(() => {
      forgotten = this.#run(this.#db.deleteFrom('sessions').where('session_id', 'in', old));
    });
    return forgotten;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#commits.close();
    await this.#db.destroy();
    this.#database.close();
  }

  #index(session: ContentSession): void {
    const places = placesOf(session);
    for (const { openingId, sessionId, gatewayId, streamType, global, local } of places) {
      this.#statements.putOpening.run({
        opening_id: openingId,
        session_id: sessionId,
        gateway_id: gatewayId,
        stream_type: streamType,
        global_address: global.address,
        global_port: global.port,
        local_address: local.address,
        local_port: local.port,
      });
    }
    if (places.length === 0)
      for (const { id } of session.openings) this.#statements.dropOpening.run({ opening_id: id });
  }

  /** Runs a query that is rare; resolves to how many rows it changed. */
  #run(query: Compilable): number {
    const { sql, parameters } = query.compile();
    return Number(this.#database.prepare(sql).run(...(parameters as (string | number | null)[])).changes);
  }

  #find(query: Compilable): unknown {
    const { sql, parameters } = query.compile();
    return this.#database.prepare(sql).get(...(parameters as (string | number)[]));
  }

  #first<Row, T>(statement: Statement<Row>, values: Record<string, string>, toValue: (row: Row) => T) {
    return this.#read(() => {
      const row = statement.first(values);
      return row === undefined ? undefined : toValue(row);
    });
  }

  async #read<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw faultOf(this.#file, error);
    }
  }

  async #write(work: () => void): Promise<void> {
    try {
      await this.#commits.write(work);
    } catch (error) {
      throw faultOf(this.#file, error);
    }
  }
}
