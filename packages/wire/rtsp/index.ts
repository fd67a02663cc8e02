/** RTSP 1.0 (RFC 2326) messages and interleaved packets: octets of a connection to values and back, bounded. */
export * from './message.ts';
export * from './reader.ts';
export * from './transport.ts';
