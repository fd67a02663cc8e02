import type { Log } from '@sluice/io';
import type { ReadyContent, ReadyStream } from './content.ts';
import { framePoster, picturePoster, plainPoster, wavesPoster } from './recipes.ts';
import { rtpContent } from './rtp-content.ts';
import { jpeg } from './standard.ts';
import { timedTextOf } from './timed-text.ts';
import type { OwnFile, Workshop } from './workshop.ts';

const films = /\.(mp4|m4v|mkv|mov|webm|ts|avi)$/i;
const sounds = /\.(mp3|m4a|aac|ogg|opus|oga)$/i;
const pictures = /\.(jpe?g|png|webp|avif|gif|bmp|tiff?)$/i;
const texts = /\.(txt|md|csv|json|xml|vtt|srt|log)$/i;
const beside = /\.(vtt|jpg|jpeg)$/i;

/**
 * The files of a directory as contents: films and sounds are packetised as they are, with `NAME.vtt` beside a film as its
 * subtitles and `NAME.jpg` beside anything as its poster; pictures, texts and any other files are sent as they are. What
 * ffmpeg cannot send is left out, with a warning.
 */
export async function ownContents(
  workshop: Workshop,
  directory: string,
  taken: readonly string[],
  log: Log,
): Promise<readonly ReadyContent[]> {
  const files = await workshop.list(directory);
  const ids = new Set(taken);
  const contents: ReadyContent[] = [];
  for (const file of files) {
    if (beside.test(file.name) && files.some((other) => isOf(file, other))) continue;
    const contentId = freeId(file.name, ids);
    try {
      contents.push(await ownContent(workshop, contentId, file, files));
      ids.add(contentId);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ file: file.path, reason }, 'a file cannot be offered');
    }
  }
  return contents;
}

async function ownContent(
  workshop: Workshop,
  contentId: string,
  file: OwnFile,
  files: readonly OwnFile[],
): Promise<ReadyContent> {
  const stem = stemOf(file);
  const title = stem.replaceAll(/[_\s]+/g, ' ').trim() || contentId;
  const sibling = (extension: RegExp) =>
    files.find((other) => other !== file && extension.test(other.name) && stemOf(other) === stem);
  const isFilm = films.test(file.name);
  const ownPoster = sibling(/\.jpe?g$/i);
  const poster = ownPoster ? { contentType: 'image/jpeg', bytes: await workshop.read(ownPoster.path) } : undefined;
  const about = { contentId, title, description: file.name };
  if (!isFilm && !sounds.test(file.name)) {
    const sha256 = await workshop.digest(contentId, file.path, file.version);
    const ready = { path: file.path, name: file.name, bytes: file.bytes, sha256 };
    return {
      ...about,
      kind: pictures.test(file.name) ? 'picture' : texts.test(file.name) ? 'text' : 'download',
      loopMs: 0,
      poster: poster ?? (await filePoster(workshop, contentId, file)),
      streams: [{ id: 'file', streamType: 'tcp', file: ready }],
    };
  }
  const push = await workshop.packetised(contentId, file.path, file.version);
  const { streams, sdp, loopMs } = rtpContent(title, push, isFilm);
  const vtt = isFilm ? sibling(/\.vtt$/i) : undefined;
  const text = vtt && timedTextOf(new TextDecoder().decode(await workshop.read(vtt.path)));
  if (vtt && !text) throw new Error(`${vtt.name} is not WebVTT`);
  const subtitles: ReadyStream[] = text ? [{ id: 'subtitles', streamType: 'tcp', text }] : [];
  const hasPicture = streams.some(({ id }) => id === 'video');
  const picture = hasPicture ? framePoster(file.path, Math.min(loopMs / 2000, 10)) : wavesPoster(file.path);
  return {
    ...about,
    kind: isFilm ? 'film' : 'radio',
    durationSeconds: Math.round(loopMs) / 1000,
    loopMs,
    sdp,
    poster: poster ?? (await jpeg(workshop, `${contentId}.jpg`, picture, file.version)),
    streams: [...streams, ...subtitles],
  };
}

/** The picture itself, smaller; of anything else, the same for all. */
async function filePoster(workshop: Workshop, contentId: string, file: OwnFile) {
  if (!pictures.test(file.name)) return jpeg(workshop, 'download.jpg', plainPoster());
  return jpeg(workshop, `${contentId}.jpg`, picturePoster(file.path), file.version);
}

function stemOf({ name }: OwnFile): string {
  return name.replace(/\.[^.]*$/, '');
}

/** Whether it is the subtitles or the poster of another file. */
function isOf(file: OwnFile, other: OwnFile): boolean {
  return stemOf(file) === stemOf(other) && !beside.test(other.name);
}

/** An id from a file's name: its letters and digits, and a number where that is taken. */
function freeId(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const base = plain.slice(0, 60) || 'file';
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id)) return id;
  }
}
