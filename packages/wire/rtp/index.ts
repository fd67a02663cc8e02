/**
 * RTP and RTCP (RFC 3550): octets to values and back, and the account of what a receiver got.
 * Datagrams from a network are often not what they should be: parsers answer undefined and never throw.
 */
export * from './packet.ts';
export * from './reception.ts';
export * from './rtcp.ts';
