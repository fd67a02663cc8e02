import type { Readable } from 'node:stream';
import type { Clock } from '@sluice/model';
import { fragmentedMp4 } from '../io/ffmpeg.ts';
import { openRtspSource } from '../io/rtsp-source.ts';
import { playerFeed } from '../playing/player-feed.ts';
import { codecOf, type Presentation } from '../receiving/tracks.ts';
import type { Onlooker } from '../request-content.ts';

/** What arrives over RTP, made into what a browser plays. */
export interface Picture {
  readonly feed: Required<Pick<Onlooker, 'rtp' | 'rtcp'>>;
  /** Fragmented MP4, once; undefined when somebody has it. */
  take(): Readable | undefined;
  /** Resolves when ffmpeg has ended: what it complained of, empty when all is well. */
  readonly ended: Promise<string>;
  /** No more arrives: lets what is there be read, for a while. */
  close(): Promise<void>;
}

/** How long whoever reads may take for the rest, ms. */
const restMs = 2_000;

/** Starts ffmpeg, which waits for the first packet: what begins to play later begins with it. */
export async function openPicture(presentation: Presentation, clock: Clock): Promise<Picture> {
  const source = await openRtspSource(presentation);
  const converting = fragmentedMp4(source.url);
  let media: Readable | undefined = converting.output;
  let isClosed = false;
  const ended = converting.ended.then(
    ({ status, complaints }) => (status === 0 || isClosed ? '' : complaints),
    (error: Error) => `${error.message}; install ffmpeg`,
  );
  return {
    feed: playerFeed(presentation, source),
    take() {
      const taken = media;
      media = undefined;
      return taken;
    },
    ended,
    async close() {
      isClosed = true;
      source.end();
      const cancel = clock.after(media ? 0 : restMs, () => converting.stop());
      await ended;
      cancel();
      await source[Symbol.asyncDispose]();
    },
  };
}

/** The media type as browsers ask for it; undefined where they have no name for one of the codecs. */
export function mimeOf({ tracks }: Presentation): string | undefined {
  const codecs = tracks.map(codecOf);
  if (codecs.includes(undefined)) return undefined;
  const kind = tracks.some(({ media }) => media.kind === 'video') ? 'video' : 'audio';
  return `${kind}/mp4; codecs="${codecs.join(', ')}"`;
}
