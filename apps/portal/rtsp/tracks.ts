import type { Content } from '@sluice/api';
import { type Family, familyOf } from '@sluice/model';
import { buildSdp, parseSdp, type SdpMedia, sdpAttribute } from '@sluice/wire/sdp';

/** What a player sets up at once: one RTP stream and its RTCP. */
export interface Track {
  /** The RTP stream's id; its last word in a URI. */
  readonly name: string;
  readonly rtp: Content['streams'][number];
  readonly rtcp: Content['streams'][number];
}

/** The tracks of a content that a player over RTSP can have: those with RTP and RTCP, in the order of its description. */
export function tracksOf(content: Content): readonly Track[] {
  return sections(content).flatMap(({ name }) => {
    const rtp = content.streams.find(({ id, streamType }) => id === name && streamType === 'rtp');
    const rtcp = content.streams.find(({ pairedWith, streamType }) => pairedWith === name && streamType === 'rtcp');
    return rtp && rtcp ? [{ name, rtp, rtcp }] : [];
  });
}

/** The session description for DESCRIBE: its tracks alone, each with its name as control (RFC 2326 C.1.1); undefined where none is left. */
export function descriptionFor(content: Content, family: Family): string | undefined {
  const tracks = new Set(tracksOf(content).map(({ name }) => name));
  if (content.sdp === undefined || tracks.size === 0) return undefined;
  const { connection: _, ...session } = parseSdp(content.sdp);
  const unspecified = { family, address: family === 4 ? '0.0.0.0' : '::' } as const;
  const media = sections(content)
    .filter(({ name }) => tracks.has(name))
    .map(({ name, section }) => ({
      ...section,
      port: 0,
      attributes: [
        ...section.attributes.filter((attribute) => attribute.name !== 'control'),
        { name: 'control', value: `track=${name}` },
      ],
    }));
  const range = content.durationSeconds === undefined ? 'npt=now-' : `npt=0-${content.durationSeconds}`;
  return buildSdp({
    ...session,
    connection: unspecified,
    attributes: [
      ...session.attributes.filter(({ name }) => name !== 'control' && name !== 'range'),
      { name: 'control', value: '*' },
      { name: 'range', value: range },
    ],
    media,
  });
}

function sections({ sdp, streams }: Content): { readonly name: string; readonly section: SdpMedia }[] {
  if (sdp === undefined) return [];
  const ids = new Set(streams.map(({ id }) => id));
  return parseSdp(sdp).media.flatMap((section) => {
    const name = sdpAttribute(section.attributes, 'mid');
    return name !== undefined && ids.has(name) ? [{ name, section }] : [];
  });
}

/** Content and track that a URI names: `rtsp://host:port/film`, `.../film/track=video`. Undefined for any other. */
export function readUri(uri: string): { readonly contentId: string; readonly track?: string } | undefined {
  const url = URL.parse(uri);
  if (url?.protocol !== 'rtsp:' && url?.protocol !== 'rtsps:') return undefined;
  const match = /^\/([A-Za-z0-9_.:%-]{1,128}?)\/?(?:\/track=([a-z0-9-]{1,32}))?$/.exec(url.pathname);
  if (!match?.[1]) return undefined;
  return { contentId: match[1], ...(match[2] !== undefined && { track: match[2] }) };
}

/** Whether a content's streams come from addresses of that IP version. */
export function isOver(content: Content, family: Family): boolean {
  return content.streams.every(({ remote }) => familyOf(remote.address) === family);
}
