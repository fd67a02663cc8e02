/** STUN as devices use it to be reached behind a NAT: RFC 3489 with TR-069 Annex G's attributes, RFC 8489's header. */
export { buildStun, integrityHolds, parseStun, type StunAttribute, type StunMessage } from './message.ts';
export {
  addressValue,
  attribute,
  type MappedAddress,
  messageType,
  readAddressValue,
  xorAddressValue,
} from './values.ts';
