import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { parseSdp, sdpAttribute } from '@sluice/wire/sdp';
import { type TestMediaServer, testMediaServer } from './deployment.ts';
import { decode } from './playback.ts';
import { Viewer } from './viewer.ts';

let media: TestMediaServer;
before(async () => {
  media = await testMediaServer({ filmSeconds: 2, downloadMegabytes: 2 });
});
after(() => media[Symbol.asyncDispose]());

for (const family of [4, 6] as const) {
  test(`the film arrives whole over IPv${family}, with reports and subtitles, and decodes`, async () => {
    const film = (await media.contents(family)).find(({ contentId }) => contentId === 'film');
    assert.ok(film?.sdp);
    await using viewer = await Viewer.open(film, true);
    const sessionId = `film-${family}`;
    const started = await media.start({ sessionId, contentId: 'film', streams: viewer.streams });
    assert.equal(started.state, 'sending');
    await viewer.until(() => viewer.reception('video').received > 20 && viewer.reception('audio').received > 2);
    viewer.report('video');
    viewer.report('audio');
    await viewer.until(() => viewer.over.size === 3);
    const view = await media.look(sessionId);
    assert.equal(view.state, 'ended');
    for (const stream of view.streams) {
      if (stream.id.endsWith('-rtcp')) assert.equal(stream.packetsReceived, 1, stream.id);
      if (!viewer.tallies.has(stream.id)) continue;
      const { lost, received, duplicates, reordered, foreign } = viewer.reception(stream.id);
      assert.deepEqual(
        { lost, received, duplicates, reordered, foreign },
        { lost: 0, received: stream.packetsSent, duplicates: 0, reordered: 0, foreign: 0 },
      );
    }
    for (const id of ['video', 'audio']) {
      const reports = viewer.rtcp.get(`${id}-rtcp`)?.filter(({ type }) => type === 'sender-report') ?? [];
      const last = reports.at(-1);
      assert.ok(reports.length >= 2 && last?.type === 'sender-report');
      assert.equal(last.packets, viewer.reception(id).received, 'the last report counts everything');
    }
    const subtitles = viewer.text('subtitles').toString();
    assert.match(subtitles, /^WEBVTT[\s\S]*00:00:00\.000 --> 00:00:02\.000/);
    assert.equal(view.streams.find(({ id }) => id === 'subtitles')?.bytesSent, subtitles.length);

    const { streams, complaints } = await decode(film.sdp, viewer.datagrams);
    assert.equal(complaints, '');
    const frames = new Map(streams.map(({ codec_type, nb_read_frames }) => [codec_type, Number(nb_read_frames)]));
    assert.equal(frames.get('video'), 50);
    assert.ok((frames.get('audio') ?? 0) >= 90, `${frames.get('audio')} of about 94 sounds`);
  });
}

test('the radio sends RTP alone, until it is stopped', async () => {
  const radio = await media.content('radio');
  assert.equal(radio.durationSeconds, undefined);
  assert.deepEqual(
    radio.streams.map(({ id, streamType }) => [id, streamType]),
    [['audio', 'rtp']],
  );
  await using viewer = await Viewer.open(radio);
  await media.start({ sessionId: 'r', contentId: 'radio', streams: viewer.streams });
  await viewer.until(() => viewer.reception('audio').received > 5);
  const stopped = await media.stop('r');
  assert.equal(stopped.state, 'stopped');
  const { lost, restarts, received } = viewer.reception('audio');
  assert.deepEqual({ lost, restarts, received }, { lost: 0, restarts: 0, received: stopped.streams[0]?.packetsSent });
});

test('the download arrives octet for octet', async () => {
  const download = await media.content('download');
  assert.equal(download.file?.bytes, 2_000_000);
  await using viewer = await Viewer.open(download);
  await media.start({ sessionId: 'download', contentId: 'download', streams: viewer.streams });
  await viewer.until(() => viewer.over.has('file'));
  const digest = createHash('sha256').update(viewer.text('file')).digest('hex');
  assert.equal(digest, download.file?.sha256);
  // The same on every machine.
  assert.equal(digest, 'c38baa7dfe0d5d3f7c2956a4dd8b0b9193c5c3ce91b48bd67b32d7e258a8342e');
});

test('contents are told with the ports and addresses of the family asked for', async () => {
  for (const [family, address] of [
    [4, '127.0.0.1'],
    [6, '::1'],
  ] as const) {
    const contents = await media.contents(family);
    assert.deepEqual(
      contents.map(({ contentId }) => contentId),
      ['film', 'radio', 'download'],
    );
    const film = contents[0];
    assert.deepEqual(
      film?.streams.map(({ id, streamType, payloadType, pairedWith }) => [id, streamType, payloadType, pairedWith]),
      [
        ['video', 'rtp', 96, undefined],
        ['video-rtcp', 'rtcp', undefined, 'video'],
        ['audio', 'rtp', 97, undefined],
        ['audio-rtcp', 'rtcp', undefined, 'audio'],
        ['subtitles', 'tcp', undefined, undefined],
      ],
    );
    assert.ok(film?.streams.every(({ remote }) => remote.address === address));
    assert.equal(new Set(film?.streams.map(({ remote }) => remote.port)).size, 5);
    const sdp = parseSdp(film?.sdp ?? '');
    assert.deepEqual(
      sdp.media.map(({ port, attributes }) => [port, sdpAttribute(attributes, 'mid')]),
      [
        [0, 'video'],
        [0, 'audio'],
      ],
    );
  }
});

test('every content has a poster', async () => {
  for (const id of ['film', 'radio', 'download']) {
    const { status, type, body } = await media.ask('GET', `/v1/contents/${id}/poster`);
    assert.deepEqual([status, type], [200, 'image/jpeg']);
    assert.deepEqual([...body.subarray(0, 2)], [0xff, 0xd8]);
  }
});
