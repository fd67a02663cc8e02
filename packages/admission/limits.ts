/** How much of a port those may have who have not proved who they are, and those who have. */
export interface AdmissionLimits {
  /** Connections of one address (IPv6: of one /64) without a verified certificate. */
  readonly unprovenOfOne: number;
  /** The same, of all addresses. */
  readonly unproven: number;
  /** Connections of one address with a verified certificate and nothing under way. */
  readonly idleOfOne: number;
  /** The same, of all addresses. */
  readonly idle: number;
  /** TLS handshakes of one address in a second that do not end in a verified certificate, or have not yet. */
  readonly handshakesOfOne: number;
  /** TLS handshakes that are begun in one turn of the event loop, between what others asked. */
  readonly handshakesAtOnce: number;
  /** Longest time until the first octet, ms. */
  readonly firstOctetMs: number;
}

/**
 * An unproven connection is a few kB as long as it says nothing, and some 70 kB in its handshake. A handshake takes about
 * a millisecond of a core; a browser opens six connections, a portal 64 at once.
 */
export const defaultLimits: AdmissionLimits = {
  unprovenOfOne: 128,
  unproven: 512,
  idleOfOne: 256,
  idle: 4_096,
  handshakesOfOne: 100,
  handshakesAtOnce: 4,
  firstOctetMs: 5_000,
};
