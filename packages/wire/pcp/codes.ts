/** The version of RFC 6887; NAT-PMP (RFC 6886) is 0 on the same port. */
export const pcpVersion = 2;

/** UDP port of servers. */
export const pcpServerPort = 5351;

/** UDP port that servers announce to, at 224.0.0.1 and [ff02::1] (RFC 6887 14.1). */
export const pcpAnnouncementPort = 5350;

/** Longest message, octets (RFC 6887 7). */
export const longestPcpMessage = 1100;

/** Octets of a mapping's nonce. */
export const nonceLength = 12;

/** RFC 6887 19.2. */
export const pcpOpcode = { announce: 0, map: 1, peer: 2 } as const;

/** Options that change what a server does must be processed by it: codes 0 to 127 (RFC 6887 7.3). */
export const pcpOption = { thirdParty: 1, preferFailure: 2, filter: 3 } as const;

/** Protocols of a mapping: IANA's numbers. */
export const pcpProtocol = { tcp: 6, udp: 17 } as const;

/** RFC 6887 7.4. */
export const pcpResult = {
  success: 0,
  unsuppVersion: 1,
  notAuthorized: 2,
  malformedRequest: 3,
  unsuppOpcode: 4,
  unsuppOption: 5,
  malformedOption: 6,
  networkFailure: 7,
  noResources: 8,
  unsuppProtocol: 9,
  userExQuota: 10,
  cannotProvideExternal: 11,
  addressMismatch: 12,
  excessiveRemotePeers: 13,
} as const;

const names = [
  'SUCCESS',
  'UNSUPP_VERSION',
  'NOT_AUTHORIZED',
  'MALFORMED_REQUEST',
  'UNSUPP_OPCODE',
  'UNSUPP_OPTION',
  'MALFORMED_OPTION',
  'NETWORK_FAILURE',
  'NO_RESOURCES',
  'UNSUPP_PROTOCOL',
  'USER_EX_QUOTA',
  'CANNOT_PROVIDE_EXTERNAL',
  'ADDRESS_MISMATCH',
  'EXCESSIVE_REMOTE_PEERS',
];

/** The standard's name of a result code. */
export function pcpResultName(result: number): string {
  return names[result] ?? `result ${result}`;
}
