export * from './clock.ts';
export * from './connection-ends.ts';
export * from './home-network.ts';
export * from './https-peer.ts';
export * from './https-server.ts';
export * from './log.ts';
export * from './pinned-authority.ts';
export * from './udp.ts';
