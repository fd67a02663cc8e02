import type { ContentAnswer } from '@sluice/api';
import { familyOf, formatEndpoint, type StreamType } from '@sluice/model';

/** What came in on one stream's port. */
export interface StreamCounts {
  /** From the stream's remote endpoint and of its type. */
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  /** Datagrams and connections from anyone else. */
  readonly strays: number;
  /** From the stream's remote endpoint, but not of its type. */
  readonly malformed: number;
  /** Protected streams only: from the stream's remote endpoint, but not made with its key; and come before. */
  readonly unauthentic?: number;
  readonly replayed?: number;
  /** RTP only: sequence numbers never seen, and what came late or twice. */
  readonly lost?: number;
  readonly reordered?: number;
  readonly duplicates?: number;
  /** RTP only, RFC 3550 A.8, in ms. */
  readonly jitterMs?: number;
  /** TCP only, once the stream has ended: of all its bytes, in hex. */
  readonly sha256?: string;
  /** The server said that nothing more comes. */
  readonly ended: boolean;
}

/** One stream: where it ran and what arrived. */
export interface StreamStatistics extends StreamCounts {
  readonly id: string;
  readonly kind: 'rtp' | 'rtcp' | 'tcp' | 'udp';
  readonly family: 4 | 6;
  /** "203.0.113.10:7000". */
  readonly remote: string;
  readonly globalAddress: string;
  readonly globalPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly protection: 'srtp' | 'clear';
  /** Why it comes in the clear. */
  readonly clearBecause?: string;
}

/** Puts counts beside the opening they came through. */
export function statisticsOf(stream: ContentAnswer['streams'][number], counts: StreamCounts): StreamStatistics {
  return {
    id: stream.id,
    kind: kindOf(stream.streamType),
    family: familyOf(stream.remote.address),
    remote: formatEndpoint(stream.remote),
    globalAddress: stream.global.address,
    globalPort: stream.global.port,
    localAddress: stream.local.address,
    localPort: stream.local.port,
    protection: stream.protection ?? 'clear',
    ...(stream.clearBecause !== undefined && { clearBecause: stream.clearBecause }),
    ...counts,
  };
}

function kindOf(streamType: string): StreamStatistics['kind'] {
  const kinds: Readonly<Partial<Record<StreamType, StreamStatistics['kind']>>> = {
    tcp: 'tcp',
    udp: 'udp',
    rtp: 'rtp',
    'rtp-mux': 'rtp',
    rtcp: 'rtcp',
  };
  return kinds[streamType as StreamType] ?? 'udp';
}
