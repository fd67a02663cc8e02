/**
 * Crypto suites, by their names in session descriptions (RFC 4568 6.2, RFC 7714 14.1), those that are better first.
 * The second is the one that every implementation of SRTP has.
 */
export const srtpSuites = ['AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80'] as const;

/** One of {@link srtpSuites}. */
export type SrtpSuite = (typeof srtpSuites)[number];

/** Octets of a master key. */
export const masterKeyLength = 16;

/** Octets of a suite's master key and master salt together, as `inline:` gives them (RFC 4568 6.1). */
export function masterLength(suite: SrtpSuite): number {
  return masterKeyLength + saltLength(suite);
}

/** Octets of a suite's salts: RFC 7714 12, RFC 3711 8.2. */
export function saltLength(suite: SrtpSuite): number {
  return suite === 'AEAD_AES_128_GCM' ? 12 : 14;
}

/** Octets that a suite adds to an RTP packet. To an RTCP packet it adds four more. */
export function tagLength(suite: SrtpSuite): number {
  return suite === 'AEAD_AES_128_GCM' ? 16 : 10;
}
