/**
 * Numbers of errors: UPnP Device Architecture 1.1 table 3-3, WANIPConnection:1 and :2, WANIPv6FirewallControl:1. The
 * same number means different things for mappings and for pinholes.
 */
export const upnpError = {
  invalidAction: 401,
  invalidArgs: 402,
  actionFailed: 501,
  argumentInvalid: 600,
  outOfMemory: 603,
  stringTooLong: 605,
  notAuthorized: 606,
} as const;

/** Errors of WANIPConnection and WANPPPConnection. */
export const mappingError = {
  indexInvalid: 713,
  noSuchEntry: 714,
  wildcardNotPermittedInSource: 715,
  wildcardNotPermittedInExternalPort: 716,
  conflictInMapping: 718,
  samePortsRequired: 724,
  onlyPermanentLeases: 725,
  remoteHostOnlyWildcard: 726,
  externalPortOnlyWildcard: 727,
  noPortMapsAvailable: 728,
  conflictWithOtherMechanisms: 729,
  portMappingNotFound: 730,
  readOnly: 731,
  wildcardNotPermittedInInternalPort: 732,
  inconsistentParameters: 733,
} as const;

/** Errors of WANIPv6FirewallControl. */
export const pinholeError = {
  spaceExhausted: 701,
  firewallDisabled: 702,
  notAllowed: 703,
  noSuchEntry: 704,
  protocolNotSupported: 705,
  internalPortWildcard: 706,
  protocolWildcard: 707,
  wildcardNotPermittedInSource: 708,
  noTrafficReceived: 709,
} as const;
