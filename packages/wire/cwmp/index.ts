/** CWMP (TR-069, protocol versions 1.0 to 1.4): SOAP envelopes to values and back, bounded, for both ends. */
export { readEnvelope, writeEnvelope } from './envelope.ts';
export { faultCode } from './fault-codes.ts';
export { CwmpMalformed } from './malformed.ts';
export type {
  CwmpAnswer,
  CwmpCall,
  CwmpDeviceId,
  CwmpEnvelope,
  CwmpEvent,
  CwmpFault,
  CwmpInform,
  CwmpMessage,
  ParameterName,
  ParameterValue,
} from './messages.ts';
export { cwmpNamespaces, isInstancePath, isTablePath } from './names.ts';
export { connectionRequestText, readConnectionRequest, type UdpConnectionRequest } from './udp-connection-request.ts';
