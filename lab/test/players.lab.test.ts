import assert from 'node:assert/strict';
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
