import type { Content } from '@sluice/api';
import type { Endpoint, Family } from '@sluice/model';
import type { ReadyContent, ReadyStream } from './contents/content.ts';
import type { ConnectionPort, DatagramPort, PortPair } from './sending/ports.ts';

/** A stream with the ports that it is sent from. */
export interface ServedStream {
  readonly stream: ReadyStream;
  readonly datagrams?: PortPair<DatagramPort>;
  readonly connections?: PortPair<ConnectionPort>;
}

/** A content with the ports of its streams. */
export interface ServedContent {
  readonly content: ReadyContent;
  readonly streams: readonly ServedStream[];
}

/** The content as the API tells of it to those who ask over one IP version; undefined where it is not sent over that. */
export function contentView({ content, streams }: ServedContent, family: Family): Content | undefined {
  const views: Content['streams'] = [];
  for (const { stream, datagrams, connections } of streams) {
    const remote: Endpoint | undefined = (datagrams?.[family] ?? connections?.[family])?.local;
    if (!remote) return undefined;
    const { id, streamType } = stream;
    views.push({
      id,
      streamType,
      remote: { ...remote },
      ...(stream.streamType === 'rtp' && { payloadType: stream.track.payloadType }),
      ...(stream.streamType === 'rtcp' && { pairedWith: stream.pairedWith }),
    });
  }
  const { contentId, title, kind, description, durationSeconds, sdp } = content;
  const file = content.streams.map((stream) => ('file' in stream ? stream.file : undefined)).find((found) => found);
  return {
    contentId,
    title,
    kind,
    description,
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(sdp !== undefined && { sdp }),
    ...(file && { file: { name: file.name, bytes: file.bytes, sha256: file.sha256 } }),
    streams: views,
  };
}

/**
 * The port of each stream, counted from the first one of each content: RTP on an even port, its RTCP on the next
 * (RFC 3550 11). The next content begins at an even port too.
 */
export function portPlan(contents: readonly ReadyContent[], firstPort: number): number[][] {
  let next = firstPort + (firstPort % 2);
  return contents.map(({ streams }) => {
    const ports = streams.map(({ streamType }) => {
      if (streamType === 'rtp') next += next % 2;
      return next++;
    });
    next += next % 2;
    return ports;
  });
}
