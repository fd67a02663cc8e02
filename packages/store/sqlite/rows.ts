import type { Enrolment, OpeningPlace, OperatorAccount, RevocationRecord } from '@sluice/control';
import {
  type ContentSession,
  type Evidence,
  type HomePlace,
  type PortalRegistration,
  parsePrefix,
  type Registration,
} from '@sluice/model';
import type { Tables } from './tables.ts';

/** A portal out of its row. */
export function portalOf(row: Tables['portals']): PortalRegistration {
  const remotes = (JSON.parse(row.remotes) as string[]).flatMap((text) => parsePrefix(text) ?? []);
  return { portalId: row.portal_id, remotes };
}

/** A portal's row. */
export function portalRow({ portalId, remotes }: PortalRegistration): Tables['portals'] {
  return {
    portal_id: portalId,
    remotes: JSON.stringify(remotes.map(({ address, length }) => `${address}/${length}`)),
  };
}

/** An account out of its row. */
export function operatorOf(row: Tables['operators']): OperatorAccount {
  const { name, role, password_hash: passwordHash, changed_at: changedAt } = row;
  return { name, role, passwordHash, changedAt };
}

/** An appliance's registration out of its row. */
export function registrationOf(row: Tables['appliances']): Registration {
  return {
    applianceId: row.appliance_id,
    gatewayId: row.gateway_id,
    ...(row.home_id !== null && { homeId: row.home_id }),
    ...evidenceOf(row),
  };
}

/** An appliance's row. */
export function registrationRow({ applianceId, gatewayId, homeId, evidence }: Registration): Tables['appliances'] {
  return {
    appliance_id: applianceId,
    gateway_id: gatewayId,
    home_id: homeId ?? null,
    evidence: evidenceColumn(evidence),
  };
}

/** The home that a gateway is a way into, out of its row. */
export function homeOf({ home }: Pick<Tables['gateways'], 'home'>): { readonly home?: HomePlace } {
  if (home === null) return {};
  const { homeId, at } = JSON.parse(home) as { homeId: string; at: string[] };
  return { home: { homeId, at: at.flatMap((text) => parsePrefix(text) ?? []) } };
}

/** The column for {@link homeOf}. */
export function homeColumn(home: HomePlace | undefined): string | null {
  if (!home) return null;
  const at = home.at.map(({ address, length }) => `${address}/${length}`);
  return JSON.stringify({ homeId: home.homeId, at });
}

/** Why a row's registration is believed, where no operator made it. */
export function evidenceOf({ evidence }: { readonly evidence: string | null }): { readonly evidence?: Evidence } {
  return evidence === null ? {} : { evidence: JSON.parse(evidence) as Evidence };
}

/** The column for {@link evidenceOf}. */
export function evidenceColumn(evidence: Evidence | undefined): string | null {
  return evidence === undefined ? null : JSON.stringify(evidence);
}

/** A content session out of its row. */
export function sessionOf(row: Pick<Tables['sessions'], 'document'>): ContentSession {
  return JSON.parse(row.document) as ContentSession;
}

/** An enrolment out of its row. */
export function enrolmentOf(row: Tables['enrolments']): Enrolment {
  const { endpoint_id: endpointId, role, names, secret_hash: secretHash, expires_at: expiresAt } = row;
  return { endpointId, role, names: JSON.parse(names) as string[], secretHash, expiresAt };
}

/** A revocation out of its row. */
export function revocationOf({ sequence, at, ...row }: Tables['revocations']): RevocationRecord {
  const serialNumber = row.serial_number;
  return { sequence, at, endpointId: row.endpoint_id, ...(serialNumber !== null && { serialNumber }) };
}

/** An opening's place out of its row. */
export function placeOf(row: Tables['openings']): OpeningPlace {
  return {
    openingId: row.opening_id,
    sessionId: row.session_id,
    gatewayId: row.gateway_id,
    streamType: row.stream_type,
    global: { address: row.global_address, port: row.global_port },
    local: { address: row.local_address, port: row.local_port },
  };
}
