/** A TR-069 configuration server (ACS): sessions that devices begin, calls in them, and waking a device that has none. */
export { Acs, type CwmpConversation } from './acs.ts';
export { AnswerLost } from './answer-lost.ts';
export type { CwmpContact } from './contact.ts';
export { type CwmpDevice, type DeviceDirectory, identityOf } from './device.ts';
export { type AcsListening, listenCwmp } from './listen.ts';
export type { AcsListener, AcsLog, AcsOptions } from './options.ts';
export { listenStun, type StunListening } from './stun-server.ts';
