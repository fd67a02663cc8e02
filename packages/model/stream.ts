import type { Endpoint, Port } from './address.ts';

/**
 * What a path carries, as the gateway's kernel enforces it on every packet:
 * `tcp`, `udp`, `sctp` anything of that transport; `rtp` RTP only (RFC 3550, version 2, and the payload type where known);
 * `rtcp` RTCP only (RFC 3550 packet types 192..223); `rtp-mux` RTP, RTCP, STUN and DTLS on one port (RFC 7983);
 * `esp` IPsec's ESP (RFC 4303), which has no ports: every port of such a stream is 0.
 */
export type StreamType = 'tcp' | 'udp' | 'rtp' | 'rtcp' | 'rtp-mux' | 'sctp' | 'esp';

/** Every stream type, for schemas and tables. */
export const streamTypes = [
  'tcp',
  'udp',
  'rtp',
  'rtcp',
  'rtp-mux',
  'sctp',
  'esp',
] as const satisfies readonly StreamType[];

/** What stream types run over: a transport, or IPsec's ESP. */
export type IpProtocol = 'tcp' | 'udp' | 'sctp' | 'esp';

/** Those that have ports. */
export type Transport = Exclude<IpProtocol, 'esp'>;

/** What is under a stream type. */
export function transportOf(type: StreamType): IpProtocol {
  return type === 'tcp' || type === 'sctp' || type === 'esp' ? type : 'udp';
}

/**
 * The same where only TCP and UDP are known: what a gateway of such a type is asked for was held against its traits
 * before. Throws RangeError for others, so that none is taken for what it is not.
 */
export function plainTransportOf(type: StreamType): 'tcp' | 'udp' {
  const transport = transportOf(type);
  if (transport === 'tcp' || transport === 'udp') return transport;
  throw new RangeError(`${type} runs neither over TCP nor over UDP`);
}

/** One stream of a content, as its server sends it. */
export interface ContentStream {
  /** Unique within the content: "video", "video-rtcp", "subtitles". */
  readonly id: string;
  readonly streamType: StreamType;
  /** The server's address and port that the stream comes from. */
  readonly remote: Endpoint;
  /** RTP payload type 0..127 (RFC 3551), for `rtp`. */
  readonly payloadType?: number;
  /** For `rtcp`: the id of its RTP stream; the pair gets an even global port and the next (RFC 3550 11). */
  readonly pairedWith?: string;
}

/** A stream as a content request names it: the server's side and the appliance's local port. */
export interface RequestedStream extends ContentStream {
  readonly localPort: Port;
}
