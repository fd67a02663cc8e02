import { buildSdp, type SdpMedia, type SessionDescription } from '@sluice/wire/sdp';
import type { ReadyStream } from './content.ts';
import { readPush } from './pushed.ts';

/** The part of a content that packetised media makes. */
export interface RtpContent {
  readonly streams: readonly ReadyStream[];
  readonly sdp: string;
  /** When the tracks may begin anew, in ms. */
  readonly loopMs: number;
}

/**
 * Streams and session description from what ffmpeg packetised. Each medium is one RTP stream, named by its kind ("video",
 * "audio"), and, `withRtcp`, one RTCP stream ("video-rtcp"). The description has `a=mid:` (RFC 5888) with the stream's id.
 */
export function rtpContent(title: string, push: Uint8Array, withRtcp: boolean): RtpContent {
  const { description, tracks } = readPush(push);
  const streams = tracks.flatMap((track, index): ReadyStream[] => {
    const id = streamId(description.media, index);
    const rtp = { id, streamType: 'rtp', track } as const;
    return withRtcp ? [rtp, { id: `${id}-rtcp`, streamType: 'rtcp', pairedWith: id }] : [rtp];
  });
  return {
    streams,
    sdp: buildSdp(unplaced(title, description)),
    loopMs: Math.max(0, ...tracks.map(({ endMs }) => endMs)),
  };
}

function streamId(media: readonly SdpMedia[], index: number): string {
  const kind = media[index]?.kind ?? 'media';
  const before = media.slice(0, index).filter((other) => other.kind === kind).length;
  return before === 0 ? kind : `${kind}-${before + 1}`;
}

/** The description without places: port 0 and address 0.0.0.0, for whoever receives it to fill in. */
function unplaced(title: string, { media }: SessionDescription): SessionDescription {
  return {
    origin: { username: '-', sessionId: '0', sessionVersion: '0', family: 4, address: '0.0.0.0' },
    name: title.replaceAll(/[\r\n\0]/g, ' ') || ' ',
    connection: { family: 4, address: '0.0.0.0' },
    bandwidths: [],
    timing: { start: 0, stop: 0 },
    attributes: [],
    media: media.map((section, index) => {
      const { kind, protocol, formats, bandwidths } = section;
      const kept = section.attributes.filter(({ name }) => name === 'rtpmap' || name === 'fmtp');
      const attributes = [...kept, { name: 'mid', value: streamId(media, index) }, { name: 'recvonly' }];
      return { kind, port: 0, protocol, formats, bandwidths, attributes };
    }),
  };
}
