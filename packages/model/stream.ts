import type { Endpoint, Port } from './address.ts';

/**
 * What a path carries, as the gateway's kernel enforces it on every packet:
 * `tcp`, `udp` anything of that transport; `rtp` RTP only (RFC 3550, version 2, and the payload type where known);
 * `rtcp` RTCP only (RFC 3550 packet types 192..223); `rtp-mux` RTP, RTCP, STUN and DTLS on one port (RFC 7983).
 */
export type StreamType = 'tcp' | 'udp' | 'rtp' | 'rtcp' | 'rtp-mux';

/** Every stream type, for schemas and tables. */
export const streamTypes: readonly StreamType[] = ['tcp', 'udp', 'rtp', 'rtcp', 'rtp-mux'];

/** The transport under a stream type. */
export function transportOf(type: StreamType): 'tcp' | 'udp' {
  return type === 'tcp' ? 'tcp' : 'udp';
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
