export type { Admission, Control, GatewayStatus, Reconciliation, Verdict } from './control.ts';
export {
  defaultRequestRates,
  type LimitedBy,
  networkOf,
  RequestLimits,
  type RequestRates,
  rateLimited,
} from './limits/request-limits.ts';
export { type Rate, TokenBuckets } from './limits/token-buckets.ts';
export { openControl } from './open-control.ts';
export type { ControlPorts, Happening, Log, Probe } from './ports.ts';
export { checkRemotes } from './registration/portal-remotes.ts';
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
