/**
 * SIP (RFC 3261): octets to values and back, over datagrams and connections. What is no message is undefined, or, on a
 * connection, thrown: nothing after it can be trusted to begin where it seems to.
 */
export * from './fields.ts';
export {
  buildSip,
  headerOf,
  headersOf,
  responseTo,
  type SipHeader,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  withHeaderOnTop,
  withHeaders,
  withoutTop,
} from './message.ts';
export * from './reader.ts';
