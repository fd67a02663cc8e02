import type {
  ContentSession,
  Endpoint,
  Gateway,
  IpAddress,
  Port,
  PortalRegistration,
  Registration,
  SessionState,
  StreamType,
} from '@sluice/model';
import type { StandingStore } from './standing.ts';

/** What makes two requests the same request. */
export interface RequestKey {
  readonly portalId: string;
  readonly applianceId: string;
  readonly requestId: string;
}

/** A stretch of a list that is ordered by id: what comes after `after`, at most `limit` of it (default 100). */
export interface Page {
  readonly after?: string;
  readonly limit?: number;
}

/** Which sessions to list; what is left out does not narrow. */
export interface SessionQuery extends Page {
  readonly states?: readonly SessionState[];
  readonly gatewayId?: string;
  readonly applianceId?: string;
}

/** Which openings to list; what is left out does not narrow. Paged by opening id. */
export interface OpeningQuery extends Page {
  readonly gatewayId?: string;
  readonly globalAddress?: IpAddress;
  readonly globalPort?: Port;
}

/** Where to find an opening that a session holds or still has to give back. */
export interface OpeningPlace {
  readonly openingId: string;
  readonly sessionId: string;
  readonly gatewayId: string;
  readonly streamType: StreamType;
  readonly global: Endpoint;
  readonly local: Endpoint;
}

/** How much there is. */
export interface StoreCounts {
  readonly gateways: number;
  readonly appliances: number;
  readonly sessions: Readonly<Record<SessionState, number>>;
  /** Of sessions that are open or closing. */
  readonly openings: number;
}

/**
 * What the configuration server must not forget. A write that resolved survives a power cut; one that rejected
 * changed nothing. A read that begins after a write resolved sees it.
 */
export interface Store extends AsyncDisposable, StandingStore {
  putGateway(gateway: Gateway): Promise<void>;
  gateway(gatewayId: string): Promise<Gateway | undefined>;
  gateways(page?: Page): Promise<readonly Gateway[]>;
  /** Removes a gateway, unless appliances or other gateways are registered behind it. */
  forgetGateway(gatewayId: string): Promise<'forgotten' | 'unknown' | 'in-use'>;
  putAppliance(registration: Registration): Promise<void>;
  appliance(applianceId: string): Promise<Registration | undefined>;
  appliances(page?: Page): Promise<readonly Registration[]>;
  /** Removes an appliance; resolves to whether there was one. */
  forgetAppliance(applianceId: string): Promise<boolean>;
  /** Adds a portal, or replaces what was known of it. */
  putPortal(portal: PortalRegistration): Promise<void>;
  portal(portalId: string): Promise<PortalRegistration | undefined>;
  portals(page?: Page): Promise<readonly PortalRegistration[]>;
  /** Removes a portal; resolves to whether there was one. */
  forgetPortal(portalId: string): Promise<boolean>;
  /** Adds a session, or replaces what was known of it. Rejects with {@link RequestTaken} where its request has another session. */
  putSession(session: ContentSession): Promise<void>;
  session(sessionId: string): Promise<ContentSession | undefined>;
  sessionOfRequest(key: RequestKey): Promise<ContentSession | undefined>;
  sessions(query?: SessionQuery): Promise<readonly ContentSession[]>;
  /** Openings of sessions that are open or closing. */
  openings(query?: OpeningQuery): Promise<readonly OpeningPlace[]>;
  counts(): Promise<StoreCounts>;
  /** Forgets closed and refused sessions that were made before `createdBefore`, at most 1000; resolves to how many. */
  forgetSessions(createdBefore: number): Promise<number>;
}

/** Misuse of the store: a request may have one session only. */
export class RequestTaken extends Error {
  override readonly name = 'RequestTaken';
}
