/** The part of SDP (RFC 8866) that RTP senders and receivers need: text to values and back, bounded. */
export * from './description.ts';
export * from './ends.ts';
export * from './text.ts';
