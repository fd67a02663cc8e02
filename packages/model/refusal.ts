/** Stable codes of expected refusals; each is explained in docs/errors.md. */
export const refusalCodes = [
  'appliance-unknown',
  'content-unknown',
  'gateway-unknown',
  'portal-unknown',
  'gateway-not-found',
  'gateway-unspoken',
  'gateway-offline',
  'gateway-refused',
  'gateway-silent',
  'path-mismatch',
  'same-home',
  'behind-another-nat',
  'local-address-outside-home',
  'local-address-needed',
  'target-is-gateway',
  'address-not-unicast',
  'port-invalid',
  'port-denied',
  'port-in-use',
  'ports-exhausted',
  'quota-exceeded',
  'lease-too-long',
  'remote-denied',
  'not-asked-for',
  'device-not-found',
  'request-conflict',
  'session-unknown',
  'opening-unknown',
  'media-not-started',
  'protection-missing',
  'part-unreachable',
  'trait-missing',
  'cannot-hold',
  'probe-lost',
  'paused',
  'consent-missing',
  'consent-invalid',
  'consent-expired',
  'consent-replayed',
  'consent-elsewhere',
  'enrolment-refused',
  'sign-in-needed',
  'sign-in-refused',
  'operator-unknown',
  'identity-revoked',
  'rate-limited',
  'not-permitted',
  'too-large',
  'malformed',
  'timeout',
] as const;

/** One of {@link refusalCodes}. */
export type RefusalCode = (typeof refusalCodes)[number];

/** An expected "no": what happened, to what, and what to do, in one sentence. */
export interface Refusal {
  readonly code: RefusalCode;
  /** For a person. Never holds a secret. */
  readonly message: string;
  /** The stream or opening it is about, where it is about one. */
  readonly subject?: string;
  /** What a person can choose from, where they are asked for what nothing else tells. */
  readonly choices?: readonly string[];
  /** When to ask again, where waiting helps; whole seconds. */
  readonly retryAfterSeconds?: number;
}

/** Makes a refusal. */
export function refuse(code: RefusalCode, message: string, subject?: string): Refusal {
  return subject === undefined ? { code, message } : { code, message, subject };
}
