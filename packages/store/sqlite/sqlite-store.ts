import {
  type OpeningPlace,
  type OpeningQuery,
  type RequestKey,
  RequestTaken,
  type SessionQuery,
  type Store,
  type StoreCounts,
} from '@sluice/control';
import type { ContentSession, SessionState } from '@sluice/model';
import { placesOf } from '../places.ts';
import { pageLength } from './access.ts';
import { isTaken } from './faults.ts';
import { RegistrationTables } from './registration-tables.ts';
import { placeOf, sessionOf } from './rows.ts';

const forgottenAtOnce = 1000;

/** The store in one SQLite database, which it closes when it is disposed of. */
export class SqliteStore extends RegistrationTables implements Store {
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
      await this.write(() => {
        this.statements.putSession.run(row);
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
    return this.first(this.statements.session, { session_id: sessionId }, sessionOf);
  }

  sessionOfRequest({ portalId, applianceId, requestId }: RequestKey): Promise<ContentSession | undefined> {
    const key = { portal_id: portalId, appliance_id: applianceId, request_id: requestId };
    return this.first(this.statements.sessionOfRequest, key, sessionOf);
  }

  sessions(wanted: SessionQuery = {}): Promise<readonly ContentSession[]> {
    const { states, gatewayId, applianceId, after = '', limit = pageLength } = wanted;
    let query = this.db.selectFrom('sessions').select('document').where('session_id', '>', after);
    if (states) query = query.where('state', 'in', states);
    if (gatewayId !== undefined) {
      const further = this.db.selectFrom('further_hops').select('session_id').where('gateway_id', '=', gatewayId);
      query = query.where(({ eb, or }) => or([eb('gateway_id', '=', gatewayId), eb('session_id', 'in', further)]));
    }
    if (applianceId !== undefined) query = query.where('appliance_id', '=', applianceId);
    return this.read(async () => (await query.orderBy('session_id').limit(limit).execute()).map(sessionOf));
  }

  openings(wanted: OpeningQuery = {}): Promise<readonly OpeningPlace[]> {
    const { gatewayId, globalAddress, globalPort, after = '', limit = pageLength } = wanted;
    let query = this.db.selectFrom('openings').selectAll().where('opening_id', '>', after);
    if (gatewayId !== undefined) query = query.where('gateway_id', '=', gatewayId);
    if (globalAddress !== undefined) query = query.where('global_address', '=', globalAddress);
    if (globalPort !== undefined) query = query.where('global_port', '=', globalPort);
    return this.read(async () => (await query.orderBy('opening_id').limit(limit).execute()).map(placeOf));
  }

  counts(): Promise<StoreCounts> {
    return this.read(async () => {
      const count = async (table: 'gateways' | 'appliances' | 'openings') =>
        (await this.db.selectFrom(table).select(this.db.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
      const rows = await this.db
        .selectFrom('sessions')
        .select(['state', this.db.fn.countAll<number>().as('n')])
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
    const old = this.db
      .selectFrom('sessions')
      .select('session_id')
      .where('created_at', '<', createdBefore)
      .where('state', 'in', ['closed', 'refused'])
      .limit(forgottenAtOnce);
    let forgotten = 0;
    await this.write(() => {
      this.run(this.db.deleteFrom('further_hops').where('session_id', 'in', old));
      forgotten = this.run(this.db.deleteFrom('sessions').where('session_id', 'in', old));
    });
    return forgotten;
  }

  #index(session: ContentSession): void {
    for (const { gatewayId } of session.hops ?? [])
      if (gatewayId !== session.gatewayId)
        this.statements.putFurtherHop.run({ gateway_id: gatewayId, session_id: session.sessionId });
    const places = placesOf(session);
    for (const { openingId, sessionId, gatewayId, streamType, global, local } of places) {
      this.statements.putOpening.run({
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
    if (places.length === 0) for (const { id } of session.openings) this.statements.dropOpening.run({ opening_id: id });
  }
}
