import { createCipheriv, createHash } from 'node:crypto';
import type { ReadyContent, ReadyStream } from './content.ts';
import { filmRecipe, framePoster, plainPoster, radioRecipe, wavesPoster } from './recipes.ts';
import { rtpContent } from './rtp-content.ts';
import { countingSubtitles, timedTextOf } from './timed-text.ts';
import type { Workshop } from './workshop.ts';

/** How long and how large the standard contents are; see MediaServerConfig. */
export interface StandardSizes {
  readonly filmSeconds: number;
  readonly radioSeconds?: number | undefined;
  readonly downloadMegabytes: number;
}

/** The contents that every media server has: `film`, `radio` and `download`. */
export async function standardContents(workshop: Workshop, sizes: StandardSizes): Promise<readonly ReadyContent[]> {
  return Promise.all([
    film(workshop, sizes.filmSeconds),
    radio(workshop, sizes.radioSeconds),
    download(workshop, sizes),
  ]);
}

async function film(workshop: Workshop, durationSeconds: number): Promise<ReadyContent> {
  const title = 'Test picture';
  const recipe = filmRecipe();
  const path = await workshop.made('film.mp4', recipe);
  const push = await workshop.packetised('film', path, recipe.join(' '));
  const { streams, sdp, loopMs } = rtpContent(title, push, true);
  const text = timedTextOf(countingSubtitles(title, durationSeconds)) ?? [];
  const subtitles: ReadyStream = { id: 'subtitles', streamType: 'tcp', text };
  return {
    contentId: 'film',
    title,
    kind: 'film',
    description: 'A moving picture with a clock, a tone that beeps every second, and subtitles.',
    durationSeconds,
    loopMs,
    sdp,
    poster: await jpeg(workshop, 'film.jpg', framePoster(path, 3.2)),
    streams: [...streams, subtitles],
  };
}

async function radio(workshop: Workshop, durationSeconds: number | undefined): Promise<ReadyContent> {
  const title = 'Music box radio';
  const recipe = radioRecipe();
  const path = await workshop.made('radio.m4a', recipe);
  const push = await workshop.packetised('radio', path, recipe.join(' '));
  return {
    ...rtpContent(title, push, false),
    contentId: 'radio',
    title,
    kind: 'radio',
    description: 'A music box that never stops.',
    ...(durationSeconds !== undefined && { durationSeconds }),
    poster: await jpeg(workshop, 'radio.jpg', wavesPoster(path)),
  };
}

async function download(workshop: Workshop, { downloadMegabytes }: StandardSizes): Promise<ReadyContent> {
  const version = `${downloadMegabytes} MB`;
  const path = await workshop.written('download.bin', version, () => noise(downloadMegabytes));
  const sha256 = await workshop.digest('download', path, version);
  const file = { path, name: 'download.bin', bytes: downloadMegabytes * megabyte, sha256 };
  return {
    contentId: 'download',
    title: 'Download',
    kind: 'download',
    description: `A file of ${downloadMegabytes} MB whose SHA-256 is known.`,
    loopMs: 0,
    poster: await jpeg(workshop, 'download.jpg', plainPoster()),
    streams: [{ id: 'file', streamType: 'tcp', file }],
  };
}

/** A poster that ffmpeg makes. */
export async function jpeg(workshop: Workshop, name: string, recipe: readonly string[], version = '') {
  return { contentType: 'image/jpeg', bytes: await workshop.read(await workshop.made(name, recipe, version)) };
}

const megabyte = 1_000_000;

/** Octets without pattern, the same on every machine. */
function* noise(megabytes: number): Generator<Uint8Array, undefined> {
  const key = createHash('sha256').update('sluice download').digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  for (let i = 0; i < megabytes; i++) yield cipher.update(Buffer.alloc(megabyte));
}
