import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { realSurroundings } from '../connect.ts';
import { playContent } from '../playing/play.ts';
import { loopback } from './loopback.ts';

const here = new AbortController().signal;
const allStreams = ['video', 'video-rtcp', 'audio', 'audio-rtcp', 'subtitles'];

for (const speaker of ['server', 'appliance'] as const) {
  test(`the whole film arrives, is recorded and decodes; the ${speaker} speaks first`, async (t) => {
    const { portal, directory, sessions } = await loopback(t);
    const record = join(directory, 'film.mp4');
    const firstSpeaker = Object.fromEntries(allStreams.map((id) => [id, speaker]));
    const result = await playContent(portal, { contentId: 'film', record, firstSpeaker }, {}, realSurroundings, here);
    assert.deepEqual(result.reasons, []);
    assert.equal(result.verdict, 'pass');
    assert.equal(result.ending, 'content-ended');
    assert.deepEqual(
      result.streams.map(({ id }) => id),
      allStreams,
    );
    for (const { kind, id, packetsReceived, packetsSent, lost, decoded, malformed, strays } of result.streams) {
      assert.ok(packetsReceived > 0, id);
      assert.deepEqual([malformed, strays], [0, 0], id);
      if (kind === 'rtp') {
        assert.equal(packetsReceived, packetsSent, id);
        assert.equal(lost, 0);
      }
      if (id === 'video') assert.equal(decoded, 50, '2 s of 25 frames');
      if (id === 'audio') assert.ok((decoded ?? 0) > 80);
    }
    assert.match(await readFile(join(directory, 'film.subtitles'), 'utf8'), /^WEBVTT(.|\s)*second 0/);
    assert.ok((await stat(record)).size > 10_000);
    assert.equal(sessions.get(result.sessionId ?? '')?.closeReason, 'content-ended');
  });
}

test('a download is the file itself, and its digest is known', async (t) => {
  const { portal, directory } = await loopback(t);
  const record = join(directory, 'file.bin');
  const result = await playContent(portal, { contentId: 'download', record }, {}, realSurroundings, here);
  assert.deepEqual(result.reasons, []);
  const [file] = result.streams;
  assert.equal(file?.bytesReceived, 1_000_000);
  assert.equal(
    file?.sha256,
    createHash('sha256')
      .update(await readFile(record))
      .digest('hex'),
  );
});
