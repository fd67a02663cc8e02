import { extname } from 'node:path';
import { countFrames, type Running, recordTo } from '../io/ffmpeg.ts';
import { openRtspSource, type RtspSource } from '../io/rtsp-source.ts';
import { streamFiles } from '../io/stream-files.ts';
import type { Presentation } from '../receiving/tracks.ts';
import type { Onlooker } from '../request-content.ts';
import { playerFeed } from './player-feed.ts';

/** What became of a recording. */
export interface Recorded {
  /** Frames that were decoded from it, by RTP stream. */
  readonly decoded: ReadonlyMap<string, number>;
  /** What ffmpeg complained of, writing or decoding; empty when all is well. */
  readonly complaints: string;
}

/** Keeps what is received: RTP in one file without re-encoding, each TCP stream in a file beside it. */
export interface Recording extends AsyncDisposable {
  readonly onlooker: Onlooker;
  /** Nothing more comes: writes the file's end, then decodes it to see what is in it. */
  finish(signal: AbortSignal): Promise<Recorded>;
}

/** Longest that ffmpeg may take to write a file's end, ms. */
const mostFinishMs = 10_000;

/** Records into `file`. A content without RTP, of one TCP stream, is that file itself. */
export function recording(file: string): Recording {
  let source: RtspSource | undefined;
  let presentation: Presentation | undefined;
  let feed: ReturnType<typeof playerFeed> | undefined;
  let writing: Running | undefined;
  let isSole = false;
  const files = streamFiles((streamId) => (isSole ? file : besides(file, streamId)));
  return {
    onlooker: {
      async content(content, found) {
        isSole = content.streams.length === 1;
        if (!found) return;
        presentation = found;
        source = await openRtspSource(found);
        feed = playerFeed(found, source);
        writing = recordTo(file, source.url);
      },
      rtp: (streamId, bytes, header) => feed?.rtp(streamId, bytes, header),
      rtcp: (streamId, bytes) => feed?.rtcp(streamId, bytes),
      tcp: (streamId, bytes) => files.write(streamId, bytes),
    },
    async finish(signal) {
      if (!source || !presentation || !writing) return { decoded: new Map(), complaints: '' };
      source.end();
      const limit = setTimeout(() => writing?.stop(), mostFinishMs);
      const { status, complaints } = await writing.ended.finally(() => clearTimeout(limit));
      if (status !== 0) return { decoded: new Map(), complaints: complaints || 'ffmpeg did not end by itself' };
      const counted = await countFrames(file, signal);
      const decoded = new Map(presentation.tracks.map(({ streamId }, place) => [streamId, counted.frames[place] ?? 0]));
      return { decoded, complaints: counted.complaints };
    },
    async [Symbol.asyncDispose]() {
      files[Symbol.dispose]();
      writing?.stop();
      await source?.[Symbol.asyncDispose]();
    },
  };
}

/** film.mp4 -> film.subtitles */
function besides(file: string, streamId: string): string {
  return `${file.slice(0, file.length - extname(file).length)}.${streamId}`;
}
