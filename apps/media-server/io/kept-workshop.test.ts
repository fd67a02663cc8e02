import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Log } from '@sluice/io';
import { silentLog } from '@sluice/io';
import { ownContents } from '../contents/own.ts';
import { readPush } from '../contents/pushed.ts';
import { FfmpegFailed, runFfmpeg } from './ffmpeg.ts';
import { keptWorkshop } from './kept-workshop.ts';

const signal = AbortSignal.timeout(60_000);

async function scratch(): Promise<{ directory: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-workshop-'));
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

const sound = ['-f', 'lavfi', '-i', 'sine=duration=0.5:sample_rate=48000', '-c:a', 'aac', '-f', 'mp4'];

test('what was made once is not made again, and other arguments make another file', async () => {
  await using at = await scratch();
  const workshop = keptWorkshop(join(at.directory, 'media'), 1e6, signal);
  const path = await workshop.made('sound.m4a', sound);
  const { mtimeMs, size } = await stat(path);
  assert.ok(size > 1000);
  assert.equal(await workshop.made('sound.m4a', sound), path);
  assert.equal((await stat(path)).mtimeMs, mtimeMs);
  assert.notEqual(await workshop.made('sound.m4a', sound, 'other'), path);
  assert.deepEqual(
    (await readdir(join(at.directory, 'media'))).filter((name) => name.includes('draft')),
    [],
  );
});

test('ffmpeg packetises a file with picture and sound once', async () => {
  await using at = await scratch();
  const workshop = keptWorkshop(at.directory, 1e6, signal);
  const film = await workshop.made('film.mp4', [
    ...[
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=128x72:rate=10:duration=1',
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1:sample_rate=48000',
    ],
    ...['-c:v', 'libx264', '-bf', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'mp4'],
  ]);
  const push = await workshop.packetised('film', film, '1');
  const { description, tracks } = readPush(push);
  assert.deepEqual(
    description.media.map(({ kind }) => kind),
    ['video', 'audio'],
  );
  const [video, audio] = tracks;
  assert.equal(new Set(video?.timestamps).size, 10);
  assert.ok(Math.abs((video?.endMs ?? 0) - 1000) < 50);
  // ffmpeg keeps the sounds of its last packet to itself when it is not full.
  assert.ok(Math.abs((audio?.endMs ?? 0) - 1000) < 300);
  assert.deepEqual(
    await workshop.packetised('film', '/nowhere-but-size-is-asked-first', '1').catch(() => 'gone'),
    'gone',
  );
  assert.deepEqual(Buffer.compare(await workshop.packetised('film', film, '1'), push), 0);
  await assert.rejects(keptWorkshop(at.directory, 100, signal).packetised('film', film, '2'), /larger than/);
});

test('what ffmpeg cannot do ends in its words, and leaves nothing behind', async () => {
  await using at = await scratch();
  const workshop = keptWorkshop(at.directory, 1e6, signal);
  await assert.rejects(workshop.made('x.mp4', ['-i', '/does/not/exist', '-f', 'mp4']), (error) => {
    assert.ok(error instanceof FfmpegFailed);
    assert.match(error.message, /No such file/);
    return true;
  });
  const text = join(at.directory, 'text.mp4');
  await writeFile(text, 'no film');
  await assert.rejects(workshop.packetised('text', text, '1'), FfmpegFailed);
  assert.deepEqual(await readdir(at.directory), ['text.mp4']);
  await assert.rejects(runFfmpeg(['-version'], AbortSignal.abort(new Error('enough'))), /enough/);
});

test("one's own files become contents; what cannot be sent is left out with a warning", async () => {
  await using at = await scratch();
  const own = join(at.directory, 'own');
  const workshop = keptWorkshop(join(at.directory, 'media'), 1e7, signal);
  const made = await workshop.made('x.mp4', [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=10:duration=1', '-c:v', 'libx264', '-bf', '2', '-f', 'mp4'],
  ]);
  const music = await workshop.made('x.m4a', sound);
  await mkdir(join(own, 'folder'), { recursive: true });
  await copyFile(made, join(own, 'My_Film!.mp4'));
  await writeFile(join(own, 'My_Film!.vtt'), 'WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n');
  await copyFile(music, join(own, 'my film.m4a'));
  await writeFile(join(own, 'notes.txt'), 'abc');
  await writeFile(join(own, '.hidden'), 'abc');
  await writeFile(join(own, 'broken.mkv'), 'abc');
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (fields) => warned.push(JSON.stringify(fields)) };
  const contents = await ownContents(workshop, own, ['notes'], log);
  assert.deepEqual(
    contents.map(({ contentId, title, kind, streams }) => [contentId, title, kind, streams.map(({ id }) => id).join()]),
    [
      ['my-film', 'My Film!', 'film', 'video,video-rtcp,subtitles'],
      ['my-film-2', 'my film', 'radio', 'audio'],
      ['notes-2', 'notes', 'text', 'file'],
    ],
  );
  assert.equal(contents[0]?.durationSeconds, 1);
  const file = contents[2]?.streams[0];
  assert.ok(file && 'file' in file);
  assert.deepEqual(
    [file.file.bytes, file.file.sha256],
    [3, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  );
  assert.equal(await readFile(file.file.path, 'utf8'), 'abc');
  for (const { poster } of contents) assert.deepEqual([...poster.bytes.slice(0, 2)], [0xff, 0xd8], 'a JPEG');
  assert.equal(warned.length, 1);
  assert.match(warned[0] ?? '', /broken\.mkv/);
});
