export type { Control, GatewayStatus, Reconciliation, Verdict } from './control.ts';
export { openControl } from './open-control.ts';
export type { ControlPorts, Log, Probe } from './ports.ts';
export type { Registrations } from './registration/registrations.ts';
export { type ControlSettings, completeSettings, defaultSettings, type PortAgreement } from './settings.ts';
export type { Enrolment, OperatorAccount, RevocationRecord, StandingStore } from './standing.ts';
export {
  type OpeningPlace,
  type OpeningQuery,
  type Page,
  type RequestKey,
  RequestTaken,
  type SessionQuery,
  type Store,
  type StoreCounts,
} from './store.ts';
