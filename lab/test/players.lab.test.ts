import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { householdSocket } from '../configurations.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import type { Deployment } from '../parts.ts';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const rtspPort = 8554;
let home: Deployment;

before(async () => {
  const overrides = {
    portal: { rtsp: { port: rtspPort } },
    // Players sign nothing, and nobody registered them: where their connection comes from is what there is.
    gateway: { policy: { consent: 'preferred' } },
    'configuration-server': { registration: 'every-contact' },
    'media-server': { filmSeconds: 60 },
  };
  home = await deployedHome('players', overrides, AbortSignal.timeout(limit.timeout));
}, limit);
after(() => home[Symbol.asyncDispose]());

const inTv = (...command: string[]) => ['nsenter', `--net=${home.network.namespace('tv-1')}`, '--', ...command];

function urlOf(family: 4 | 6): string {
  const address = home.network.address('portal', family);
  return `rtsp://${family === 6 ? `[${address}]` : address}:${rtspPort}/film`;
}

/** Opened for the film's two tracks. */
const openings = (signal: AbortSignal) => openingsInKernel(home.network, 'gateway-1', signal);

async function untilOpenings(count: number, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(15_000)]);
  while ((await openings(signal)) !== count) {
    deadline.throwIfAborted();
    await setTimeout(50, undefined, { signal });
  }
}

for (const family of [4, 6] as const)
  test(
    `IPv${family}: ffmpeg, unmodified, plays the film over RTSP with RTP over UDP, and the home is closed again`,
    limit,
    async (t) => {
      const play = run(
        inTv(
          ...['ffmpeg', '-v', 'error', '-rtsp_transport', 'udp', '-i', urlOf(family), '-t', '5'],
          ...['-map', '0:v', '-map', '0:a', '-f', 'framecrc', '-'],
        ),
        t.signal,
      );
      await untilOpenings(4, t.signal);
      const frames = (await play).split('\n').filter((line) => /^\d, /.test(line));
      const video = frames.filter((line) => line.startsWith('0,'));
      const audio = frames.filter((line) => line.startsWith('1,'));
      assert.ok(video.length >= 100, `${video.length} frames of video in 5 s`);
      assert.ok(audio.length >= 200, `${audio.length} frames of audio in 5 s`);
      await untilOpenings(0, t.signal);
    },
  );

test(
  'a player that may choose takes UDP, and one that wants TCP alone is told that there is none',
  limit,
  async (t) => {
    const play = (...options: string[]) =>
      run(inTv('ffmpeg', '-v', 'error', ...options, '-i', urlOf(4), '-t', '1', '-f', 'framecrc', '-'), t.signal);
    const chosen = play();
    await untilOpenings(4, t.signal);
    assert.match(await chosen, /^0, /m);
    await untilOpenings(0, t.signal);
    await assert.rejects(play('-rtsp_transport', 'tcp'), /461/);
    const pipeline = ['rtspsrc', `location=${urlOf(4)}`, 'protocols=tcp', '!', 'fakesink'];
    await assert.rejects(run(inTv('gst-launch-1.0', '-e', ...pipeline), t.signal), /ERROR.*rtspsrc/s);
    assert.equal(await openings(t.signal), 0);
  },
);

test('GStreamer, unmodified, plays it', limit, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gstreamer-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const into = (name: string) => ['!', 'filesink', `location=${join(directory, name)}`];
  const pipeline = [
    ...['rtspsrc', `location=${urlOf(4)}`, 'protocols=udp', 'latency=200', 'name=s'],
    ...['s.', '!', 'rtph264depay', '!', 'h264parse', '!', 'avdec_h264', ...into('video')],
    ...['s.', '!', 'rtpmp4gdepay', '!', 'aacparse', '!', 'avdec_aac', ...into('audio')],
  ];
  // Interrupted, it tears its session down; that it was is its exit status.
  const play = run(
    inTv('sh', '-c', 'timeout --signal=INT 6 "$@"; true', 'sh', 'gst-launch-1.0', '-e', ...pipeline),
    t.signal,
  );
  await untilOpenings(4, t.signal);
  await play;
  const bytes = (name: string) => statSync(join(directory, name)).size;
  // Decoded: pictures of 1.5 octets a pixel, samples of 4 octets.
  assert.ok(bytes('video') > 60 * 320 * 180 * 1.5, `${bytes('video')} octets of pictures`);
  assert.ok(bytes('audio') > 2 * 48_000 * 4, `${bytes('audio')} octets of sound`);
  await untilOpenings(0, t.signal);
});

test('a player that is killed leaves nothing open', limit, async (t) => {
  const player = await startOnHost(
    {
      name: 'ffmpeg',
      namespace: home.network.namespace('tv-1'),
      command: ['ffmpeg', '-v', 'error', '-rtsp_transport', 'udp', '-i', urlOf(4), '-f', 'null', '-'],
      becomesReady: false,
    },
    t.signal,
  );
  await untilOpenings(4, t.signal);
  player.kill('SIGKILL');
  await player.ended;
  await untilOpenings(0, t.signal);
});

test('a household that paused its gateway: the player is told, and nothing opens', limit, async (t) => {
  const socket = ['--socket', householdSocket(home.directories, 'gateway-1')];
  await home.sluice('gateway-1', ['gateway', 'pause', ...socket], t.signal);
  t.after(() => home.sluice('gateway-1', ['gateway', 'resume', ...socket], AbortSignal.timeout(10_000)));
  const play = run(
    inTv('ffmpeg', '-v', 'error', '-rtsp_transport', 'udp', '-i', urlOf(4), '-t', '2', '-f', 'null', '-'),
    t.signal,
  );
  await assert.rejects(play, /403 Forbidden/);
  assert.equal(await openings(t.signal), 0);
});
