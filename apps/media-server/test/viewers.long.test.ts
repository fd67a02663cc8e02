import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMediaServer } from './deployment.ts';
import { decode } from './playback.ts';
import { Viewer } from './viewer.ts';

test('twenty viewers of the film at once lose no packet', async () => {
  await using media = await testMediaServer();
  const film = await media.content('film');
  await using viewers = new AsyncDisposableStack();
  const watching: Viewer[] = [];
  for (let i = 0; i < 20; i++) watching.push(viewers.use(await Viewer.open(film)));
  const starts = await Promise.all(
    watching.map(({ streams }, i) => media.start({ sessionId: `viewer-${i}`, contentId: 'film', streams })),
  );
  assert.equal(starts.length, 20);
  await Promise.all(watching.map((viewer) => viewer.until(() => viewer.over.size === 3)));
  for (const [i, viewer] of watching.entries()) {
    const view = await media.look(`viewer-${i}`);
    for (const id of ['video', 'audio']) {
      const { lost, received, expected, duplicates, reordered } = viewer.reception(id);
      const sent = view.streams.find((stream) => stream.id === id)?.packetsSent;
      assert.deepEqual(
        { lost, received, expected, duplicates, reordered },
        { lost: 0, received: sent, expected: sent, duplicates: 0, reordered: 0 },
        `viewer ${i} ${id}`,
      );
    }
  }
});

test('a film that is shown again and again decodes over its seams', async () => {
  await using media = await testMediaServer({ filmSeconds: 20 });
  const film = await media.content('film');
  await using viewer = await Viewer.open(film, true);
  await media.start({ sessionId: 'long', contentId: 'film', streams: viewer.streams });
  await viewer.until(() => viewer.over.size === 3);
  assert.equal(viewer.reception('video').lost + viewer.reception('audio').lost, 0);
  const { streams, complaints } = await decode(film.sdp ?? '', viewer.datagrams);
  assert.equal(complaints, '');
  const pictures = Number(streams.find(({ codec_type }) => codec_type === 'video')?.nb_read_frames);
  // A loop is a frame of sound longer than its 200 pictures.
  assert.ok(pictures >= 498 && pictures <= 500, `${pictures} pictures`);
});
