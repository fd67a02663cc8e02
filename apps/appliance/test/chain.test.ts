import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { realSurroundings } from '../connect.ts';
import { countFrames } from '../io/ffmpeg.ts';
import type { PlayOnlooker } from '../playing/onlookers.ts';
import { playContent } from '../playing/play.ts';
import { openPicture, type Picture } from '../screen/picture.ts';
import { loopback } from './loopback.ts';

const here = new AbortController().signal;
const allStreams = ['video', 'video-rtcp', 'audio', 'audio-rtcp', 'subtitles'];

test('contents arrive whole over the real media server and portal', async (t) => {
  const { portal, directory, sessions } = await loopback(t);

  for (const speaker of ['server', 'appliance'] as const) {
    await t.test(`the film, recorded and decoded; the ${speaker} speaks first`, async () => {
      const record = join(directory, `${speaker}.mp4`);
      const firstSpeaker = Object.fromEntries(allStreams.map((id) => [id, speaker]));
      const result = await playContent(portal, { contentId: 'film', record, firstSpeaker }, {}, realSurroundings, here);
      assert.deepEqual(result.reasons, []);
      assert.deepEqual([result.verdict, result.ending], ['pass', 'content-ended']);
      assert.deepEqual(
        result.streams.map(({ id }) => id),
        allStreams,
      );
      for (const stream of result.streams) {
        const { kind, id, packetsReceived, packetsSent, lost, decoded, malformed, strays } = stream;
        assert.ok(packetsReceived > 0, id);
        assert.equal(stream.protection, kind === 'tcp' ? 'clear' : 'srtp', id);
        assert.deepEqual([stream.unauthentic ?? 0, stream.replayed ?? 0], [0, 0], id);
        assert.deepEqual([malformed, strays], [0, 0], id);
        if (kind === 'rtp') assert.deepEqual([packetsReceived, lost], [packetsSent, 0], id);
        if (id === 'video') assert.equal(decoded, 50, '2 s of 25 frames');
        if (id === 'audio') assert.ok((decoded ?? 0) > 80);
      }
      assert.match(await readFile(join(directory, `${speaker}.subtitles`), 'utf8'), /^WEBVTT(.|\s)*second 0/);
      assert.equal(sessions.get(result.sessionId ?? '')?.closeReason, 'content-ended');
    });
  }

  await t.test('a film that is left early decodes up to its last whole frame', async () => {
    const wish = { contentId: 'film', record: join(directory, 'early.mkv'), durationSeconds: 0.9 };
    const result = await playContent(portal, wish, {}, realSurroundings, here);
    assert.deepEqual([result.reasons, result.ending], [[], 'duration']);
    const frames = result.streams.find(({ id }) => id === 'video')?.decoded ?? 0;
    assert.ok(frames > 0 && frames < 50, String(frames));
    assert.equal(sessions.get(result.sessionId ?? '')?.closeReason, 'appliance-left');
  });

  await t.test('every frame of the film is in what a browser is given, from the first on', async () => {
    const file = join(directory, 'browser.mp4');
    let picture: Picture | undefined;
    let written = Promise.resolve();
    const onlooker: PlayOnlooker = {
      async content(_, presentation) {
        assert.ok(presentation);
        picture = await openPicture(presentation, realSurroundings.clock);
        const media = picture.take();
        assert.ok(media);
        written = pipeline(media, createWriteStream(file));
      },
      rtp: (...packet) => picture?.feed.rtp(...packet),
      rtcp: (...packet) => picture?.feed.rtcp(...packet),
    };
    await playContent(portal, { contentId: 'film' }, onlooker, realSurroundings, here);
    await picture?.close();
    await written;
    const { frames, complaints } = await countFrames(file, here);
    assert.deepEqual([frames[0], complaints], [50, '']);
    assert.ok((frames[1] ?? 0) > 80);
  });

  await t.test('a download is the file itself, and its digest is known', async () => {
    const record = join(directory, 'file.bin');
    const result = await playContent(portal, { contentId: 'download', record }, {}, realSurroundings, here);
    assert.deepEqual(result.reasons, []);
    const [file] = result.streams;
    assert.equal(file?.bytesReceived, 1_000_000);
    const digest = createHash('sha256').update(await readFile(record));
    assert.equal(file?.sha256, digest.digest('hex'));
  });
});
