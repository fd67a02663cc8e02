/**
 * What PCP (RFC 6887) and NAT-PMP (RFC 6886) have in common as seen by who asks a gateway: exchanges of datagrams, the
 * gateway's epoch, what is remembered of openings. The two drivers are made of it. No sockets, no clock.
 */
export * from './announcements.ts';
export * from './book.ts';
export * from './delays.ts';
export * from './epoch.ts';
export * from './exchange.ts';
export * from './holds.ts';
export * from './home-network.ts';
export * from './one-by-one.ts';
export * from './renewal.ts';
export * from './steps.ts';
export * from './turns.ts';
export * from './udp.ts';
export * from './version.ts';
export * from './weakness.ts';
