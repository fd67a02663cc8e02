/** UDP port of gateways. */
export const natPmpServerPort = 5351;

/** UDP port that gateways announce to, at 224.0.0.1 (RFC 6886 3.2.1). */
export const natPmpAnnouncementPort = 5350;

/** Lifetime that the standard recommends to ask for, seconds (RFC 6886 3.3). */
export const natPmpRecommendedLifetime = 7200;

/** RFC 6886 3.5. */
export const natPmpResult = {
  success: 0,
  unsupportedVersion: 1,
  notAuthorized: 2,
  networkFailure: 3,
  outOfResources: 4,
  unsupportedOpcode: 5,
} as const;

const names = [
  'Success',
  'Unsupported Version',
  'Not Authorized/Refused',
  'Network Failure',
  'Out of resources',
  'Unsupported opcode',
];

/** The standard's name of a result code. */
export function natPmpResultName(result: number): string {
  return names[result] ?? `result ${result}`;
}
