import type { Content } from '@sluice/api';
import { formatParametersOf, parseSdp, rtpMapsOf, type SdpMedia, type SessionDescription } from '@sluice/wire/sdp';

/** One RTP stream of a content as its session description tells of it. */
export interface Track {
  readonly streamId: string;
  readonly media: SdpMedia;
  readonly payloadType: number;
  /** As in `a=rtpmap`, upper case: "H264", "MPEG4-GENERIC", "OPUS". */
  readonly encoding: string;
  /** Hz. */
  readonly clockRate: number;
}

/** A content's session description, and its tracks in the description's order. */
export interface Presentation {
  readonly description: SessionDescription;
  readonly tracks: readonly Track[];
}

/** The presentation of a content; undefined where it has no RTP. Throws SdpMalformed. */
export function presentationOf(content: Content): Presentation | undefined {
  if (content.sdp === undefined) return undefined;
  const description = parseSdp(content.sdp);
  const tracks: Track[] = [];
  const media: SdpMedia[] = [];
  for (const section of description.media) {
    const map = rtpMapsOf(section)[0];
    const stream = content.streams.find(
      ({ id, payloadType }) =>
        payloadType !== undefined &&
        section.formats.includes(String(payloadType)) &&
        !tracks.some(({ streamId }) => streamId === id),
    );
    if (!map || !stream) continue;
    media.push(section);
    const { payloadType, clockRate } = map;
    tracks.push({ streamId: stream.id, media: section, payloadType, encoding: map.encoding.toUpperCase(), clockRate });
  }
  return tracks.length === 0 ? undefined : { description: { ...description, media }, tracks };
}

/** The RFC 6381 name of a track's codec, as browsers ask for it; undefined where browsers have none for it. */
export function codecOf(track: Track): string | undefined {
  const parameters = formatParametersOf(track.media, track.payloadType);
  switch (track.encoding) {
    case 'H264': {
      // RFC 6184 8.1: the first set is the sequence parameter set; its octets 1 to 3 are profile, constraints, level.
      const sets = parameters.get('sprop-parameter-sets')?.split(',')[0] ?? '';
      const profile = parameters.get('profile-level-id') ?? Buffer.from(sets, 'base64').subarray(1, 4).toString('hex');
      return /^[0-9a-f]{6}$/i.test(profile) ? `avc1.${profile.toLowerCase()}` : undefined;
    }
    case 'MPEG4-GENERIC': {
      // ISO 14496-3 1.6.2.1: the audio object type is in the first five bits.
      const objectType = Number.parseInt(parameters.get('config')?.slice(0, 2) ?? '10', 16) >> 3;
      return objectType > 0 ? `mp4a.40.${objectType}` : undefined;
    }
    case 'OPUS':
      return 'opus';
    default:
      return undefined;
  }
}
