import type { StreamType } from '@sluice/model';

/** What the kernel's map `live` says of an opening: its stream type, and for `rtp` the payload type where known. */
export interface Carried {
  readonly streamType: StreamType;
  readonly payloadType?: number;
}

/** Numbers of stream types in the kernel; 0 is no opening. */
export const streamCodes: Readonly<Record<StreamType, number>> = {
  tcp: 1,
  udp: 2,
  rtp: 3,
  rtcp: 4,
  'rtp-mux': 5,
  sctp: 6,
  esp: 7,
};

/** RTP of payload type n has code `typedRtp + n`, n in 0..127. */
export const typedRtp = 256;

/** The number for what an opening carries. */
export function streamCode(carried: Carried): number {
  if (carried.streamType === 'rtp' && carried.payloadType !== undefined) return typedRtp + carried.payloadType;
  return streamCodes[carried.streamType];
}

/** What a number means; undefined for one that we never wrote. */
export function readStreamCode(code: number): Carried | undefined {
  if (code >= typedRtp && code < typedRtp + 128) return { streamType: 'rtp', payloadType: code - typedRtp };
  for (const [type, number] of Object.entries(streamCodes))
    if (number === code) return { streamType: type as StreamType };
  return undefined;
}
