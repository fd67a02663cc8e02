import type { RtspSource } from '../io/rtsp-source.ts';
import type { Audience } from '../receiving/receiving.ts';
import type { Presentation } from '../receiving/tracks.ts';
import { TrackFeed } from './track-feed.ts';

/** Hands what is received to a player. */
export function playerFeed(presentation: Presentation, source: RtspSource): Required<Pick<Audience, 'rtp' | 'rtcp'>> {
  const places = new Map(presentation.tracks.map(({ streamId }, place) => [streamId, place]));
  const feeds = presentation.tracks.map(({ media }) => new TrackFeed(media.kind === 'video'));
  return {
    rtp(streamId, bytes, header) {
      const place = places.get(streamId);
      if (place !== undefined) source.rtp(place, feeds[place]?.push(bytes, header) ?? []);
    },
    rtcp(streamId, bytes) {
      const place = places.get(streamId);
      if (place !== undefined) source.rtcp(place, bytes);
    },
  };
}
