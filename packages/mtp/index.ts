export * from './connection.ts';
export * from './dial.ts';
export * from './event-log.ts';
export * from './keep-dialed.ts';
export * from './listen.ts';
export type { WebSocketOptions } from './options.ts';
export * from './pair.ts';
export * from './redial.ts';
export { drainMs, retire } from './retire.ts';
