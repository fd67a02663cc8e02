/** Fault codes that are acted on (TR-069 A.5); devices send others too. */
export const faultCode = {
  methodNotSupported: 9000,
  requestDenied: 9001,
  internalError: 9002,
  invalidArguments: 9003,
  resourcesExceeded: 9004,
  invalidParameterName: 9005,
  invalidParameterType: 9006,
  invalidParameterValue: 9007,
  notWritable: 9008,
  /** The ACS's own: it does not know a method that a device calls. */
  acsMethodNotSupported: 8000,
} as const;
