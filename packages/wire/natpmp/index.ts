/**
 * NAT-PMP (RFC 6886), version 0 of the port that PCP took over: octets to values and back.
 * Datagrams from a network are often not what they should be: parsers answer undefined and never throw.
 */
export * from './message.ts';
export * from './results.ts';
