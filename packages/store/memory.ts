import { randomBytes } from 'node:crypto';
import {
  type Enrolment,
  type OpeningPlace,
  type OperatorAccount,
  type Page,
  type RequestKey,
  RequestTaken,
  type RevocationRecord,
  type SessionQuery,
  type Store,
  type StoreCounts,
} from '@sluice/control';
import type { ContentSession, Gateway, PortalRegistration, Registration, SessionState } from '@sluice/model';
import { placesOf } from './places.ts';

/** A store that forgets when its process ends; in all else the same. */
export function inMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly #gateways = new Map<string, Gateway>();
  readonly #appliances = new Map<string, Registration>();
  readonly #portals = new Map<string, PortalRegistration>();
  readonly #operators = new Map<string, OperatorAccount>();
  readonly #ownSecrets = new Map<string, Uint8Array>();
  readonly #enrolments = new Map<string, Enrolment>();
  readonly #revocations: RevocationRecord[] = [];
  readonly #sessions = new Map<string, ContentSession>();
  readonly #ofRequest = new Map<string, string>();

  async putGateway(gateway: Gateway): Promise<void> {
    this.#gateways.set(gateway.gatewayId, gateway);
  }

  async gateway(gatewayId: string): Promise<Gateway | undefined> {
    return this.#gateways.get(gatewayId);
  }

  async gateways(page: Page = {}): Promise<readonly Gateway[]> {
    return pageOf([...this.#gateways.values()], (gateway) => gateway.gatewayId, page);
  }

  async forgetGateway(gatewayId: string): Promise<'forgotten' | 'unknown' | 'in-use'> {
    for (const appliance of this.#appliances.values()) if (appliance.gatewayId === gatewayId) return 'in-use';
    for (const gateway of this.#gateways.values()) if (gateway.behind === gatewayId) return 'in-use';
    return this.#gateways.delete(gatewayId) ? 'forgotten' : 'unknown';
  }

  async putAppliance(registration: Registration): Promise<void> {
    this.#appliances.set(registration.applianceId, registration);
  }

  async appliance(applianceId: string): Promise<Registration | undefined> {
    return this.#appliances.get(applianceId);
  }

  async appliances(page: Page = {}): Promise<readonly Registration[]> {
    return pageOf([...this.#appliances.values()], (registration) => registration.applianceId, page);
  }

  async forgetAppliance(applianceId: string): Promise<boolean> {
    return this.#appliances.delete(applianceId);
  }

  async putPortal(portal: PortalRegistration): Promise<void> {
    this.#portals.set(portal.portalId, portal);
  }

  async portal(portalId: string): Promise<PortalRegistration | undefined> {
    return this.#portals.get(portalId);
  }

  async portals(page: Page = {}): Promise<readonly PortalRegistration[]> {
    return pageOf([...this.#portals.values()], (portal) => portal.portalId, page);
  }

  async forgetPortal(portalId: string): Promise<boolean> {
    return this.#portals.delete(portalId);
  }

  async putOperator(account: OperatorAccount): Promise<void> {
    this.#operators.set(account.name, account);
  }

  async operator(name: string): Promise<OperatorAccount | undefined> {
    return this.#operators.get(name);
  }

  async operators(): Promise<readonly OperatorAccount[]> {
    return pageOf([...this.#operators.values()], ({ name }) => name, { limit: this.#operators.size });
  }

  async forgetOperator(name: string): Promise<boolean> {
    return this.#operators.delete(name);
  }

  async ownSecret(name: string): Promise<Uint8Array> {
    const secret = this.#ownSecrets.get(name) ?? randomBytes(32);
    this.#ownSecrets.set(name, secret);
    return secret;
  }

  async putEnrolment(enrolment: Enrolment): Promise<void> {
    this.#enrolments.set(enrolment.endpointId, enrolment);
  }

  async enrolment(endpointId: string): Promise<Enrolment | undefined> {
    return this.#enrolments.get(endpointId);
  }

  async takeEnrolment(endpointId: string, secretHash: string): Promise<boolean> {
    return this.#enrolments.get(endpointId)?.secretHash === secretHash && this.#enrolments.delete(endpointId);
  }

  async addRevocation(revocation: Omit<RevocationRecord, 'sequence'>): Promise<RevocationRecord> {
    const numbered = { sequence: this.#revocations.length + 1, ...revocation };
    this.#revocations.push(numbered);
    return numbered;
  }

  async revocations(after: number): Promise<readonly RevocationRecord[]> {
    return this.#revocations.filter(({ sequence }) => sequence > after);
  }

  async putSession(session: ContentSession): Promise<void> {
    const key = keyOf(session.request);
    const holder = this.#ofRequest.get(key);
    if (holder !== undefined && holder !== session.sessionId) {
      throw new RequestTaken(`the request ${session.request.requestId} has another session, ${holder}`);
    }
    this.#ofRequest.set(key, session.sessionId);
    this.#sessions.set(session.sessionId, session);
  }

  async session(sessionId: string): Promise<ContentSession | undefined> {
    return this.#sessions.get(sessionId);
  }

  async sessionOfRequest(key: RequestKey): Promise<ContentSession | undefined> {
    return this.#sessions.get(this.#ofRequest.get(keyOf(key)) ?? '');
  }

  async sessions(query: SessionQuery = {}): Promise<readonly ContentSession[]> {
    const { states, gatewayId, applianceId } = query;
    const fitting = [...this.#sessions.values()].filter(
      (session) =>
        (states === undefined || states.includes(session.state)) &&
        (gatewayId === undefined || (session.hops ?? [session]).some((hop) => hop.gatewayId === gatewayId)) &&
        (applianceId === undefined || session.request.applianceId === applianceId),
    );
    return pageOf(fitting, (session) => session.sessionId, query);
  }

  async openings(query: Parameters<Store['openings']>[0] = {}): Promise<readonly OpeningPlace[]> {
    const { gatewayId, globalAddress, globalPort } = query;
    const fitting = this.#places().filter(
      (place) =>
        (gatewayId === undefined || place.gatewayId === gatewayId) &&
        (globalAddress === undefined || place.global.address === globalAddress) &&
        (globalPort === undefined || place.global.port === globalPort),
    );
    return pageOf(fitting, (place) => place.openingId, query);
  }

  async counts(): Promise<StoreCounts> {
    const sessions: Record<SessionState, number> = { opening: 0, open: 0, closing: 0, closed: 0, refused: 0 };
    for (const { state } of this.#sessions.values()) sessions[state]++;
    return {
      gateways: this.#gateways.size,
      appliances: this.#appliances.size,
      sessions,
      openings: this.#places().length,
    };
  }

  async forgetSessions(createdBefore: number): Promise<number> {
    const old = [...this.#sessions.values()]
      .filter(({ state, createdAt }) => (state === 'closed' || state === 'refused') && createdAt < createdBefore)
      .slice(0, 1000);
    for (const { sessionId, request } of old) {
      this.#sessions.delete(sessionId);
      this.#ofRequest.delete(keyOf(request));
    }
    return old.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #places(): OpeningPlace[] {
    return [...this.#sessions.values()].flatMap(placesOf);
  }
}

function keyOf({ portalId, applianceId, requestId }: RequestKey): string {
  return JSON.stringify([portalId, applianceId, requestId]);
}

function pageOf<T>(rows: readonly T[], idOf: (row: T) => string, { after, limit = 100 }: Page): readonly T[] {
  return rows
    .filter((row) => after === undefined || idOf(row) > after)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
    .slice(0, limit);
}
