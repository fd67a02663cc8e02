/**
 * SRTP and SRTCP (RFC 3711, RFC 7714): RTP that only who has the key can read or make. Headers stay readable, so what
 * looks at stream types sees what it saw. Datagrams from a network are often not what they should be: a receiver drops
 * them with a reason and never throws.
 */
export * from './receiver.ts';
export * from './sender.ts';
export { masterLength, type SrtpSuite, srtpSuites } from './suite.ts';
