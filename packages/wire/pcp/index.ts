/**
 * PCP, Port Control Protocol version 2 (RFC 6887): octets to values and back. Addresses are the protocol's 16 octets.
 * Datagrams from a network are often not what they should be: parsers answer undefined and never throw.
 */
export * from './address.ts';
export * from './codes.ts';
export * from './option.ts';
export * from './request.ts';
export * from './response.ts';
