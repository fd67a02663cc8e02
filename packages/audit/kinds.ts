import type { Fields } from './line.ts';

/** What a part accounts for. */
export const auditKinds = [
  'session-asked',
  'session-opened',
  'session-refused',
  'session-closed',
  'consent-refused',
  'opening-opened',
  'opening-refused',
  'opening-closed',
  'lease-ended',
  'rules-put-back',
  'firewall-changed',
  'household-acted',
  'appliance-introduced',
  'identity-issued',
  'identity-revoked',
  'operator-signed-in',
  'operator-acted',
  'gateway-online',
  'gateway-offline',
  'gateway-discovered',
] as const;

/** One of {@link auditKinds}. */
export type AuditKind = (typeof auditKinds)[number];

/** What a log tells of itself. */
export const ownKinds = ['log', 'checkpoint', 'lines-lost', 'files-removed'] as const;

/** Where a part accounts for what it did. */
export interface Audit {
  /** Adds a line. Never waits, never throws; `fields` hold no secret. */
  note(kind: AuditKind, fields: Fields): void;
}

/** An audit that forgets. */
export const noAudit: Audit = { note() {} };
