import { buildRtp } from '@sluice/wire/rtp';
import type { ReadyContent } from '../contents/content.ts';
import { type RtpTrack, trackOf } from '../contents/track.ts';

/** A track of frames `intervalMs` apart, each of so many packets with its own number as payload. */
export function smallTrack(clockRate: number, frames: readonly number[], intervalMs: number): RtpTrack {
  const packets = frames.flatMap((count, frame) =>
    Array.from({ length: count }, (_, n) => ({
      timestamp: 1000 + Math.round((frame * intervalMs * clockRate) / 1000),
      last: n === count - 1,
    })),
  );
  const built = packets.map(({ timestamp, last }, index) =>
    buildRtp({
      payloadType: 96,
      marker: last,
      sequence: index,
      timestamp,
      ssrc: 7,
      csrcs: [],
      payload: Uint8Array.of(index, index),
      padding: 0,
    }),
  );
  return trackOf({
    payloadType: 96,
    clockRate,
    encoding: 'TEST',
    bytes: Uint8Array.from(built.flatMap((bytes) => [...bytes])),
    offsets: [0, ...built.map((_, index) => (index + 1) * 14)],
    timestamps: packets.map(({ timestamp }) => timestamp),
    zero: 1000,
  });
}

/** A film of one second: ten frames of two packets, four sounds, a subtitle at 0.5 s. */
export function smallFilm(durationSeconds?: number): ReadyContent {
  return {
    contentId: 'film',
    title: 'Film',
    kind: 'film',
    description: '',
    ...(durationSeconds !== undefined && { durationSeconds }),
    loopMs: 1000,
    sdp: 'v=0\r\n',
    poster: { contentType: 'image/jpeg', bytes: Uint8Array.of(1) },
    streams: [
      { id: 'video', streamType: 'rtp', track: smallTrack(90000, new Array<number>(10).fill(2), 100) },
      { id: 'video-rtcp', streamType: 'rtcp', pairedWith: 'video' },
      { id: 'audio', streamType: 'rtp', track: smallTrack(48000, [1, 1, 1, 1], 250) },
      {
        id: 'subtitles',
        streamType: 'tcp',
        text: [
          { dueMs: 0, text: 'WEBVTT\n\n' },
          { dueMs: 500, text: 'cue\n\n' },
        ],
      },
    ],
  };
}
