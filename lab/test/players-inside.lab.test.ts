import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import type { GatewayRow } from '../foreign/gateway-row.ts';
import { type Deployment, sluiceCommand } from '../parts.ts';
import { type HostProcess, startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';
import { inHomeRows } from './foreign-rows.ts';

const limit = { timeout: 120_000 };
const rtspPort = 8554;
const overrides = { portal: { rtsp: { port: rtspPort } }, 'configuration-server': { registration: 'every-contact' } };

/** A home behind Debian's miniupnpd, whose television runs the daemon. */
async function homeWith(name: string, row: GatewayRow, signal: AbortSignal) {
  const home = await deployedHome(`rtsp-${name}`, overrides, signal, row);
  const held = new AsyncDisposableStack();
  held.use(home);
  const startDaemon = async (players: 'allowed' | 'refused') => {
    const directory = hostDirectory(home.directories, 'tv-1');
    const configuration = {
      identity: directory,
      portal: originOf(home.network, 'portal', partPorts.portal),
      socket: join(directory, 'daemon.socket'),
      players,
    };
    const file = join(directory, 'daemon.json');
    await writeFile(file, JSON.stringify(configuration));
    const command = sluiceCommand(['appliance', 'daemon', '--config', file]);
    return startOnHost({ name: 'daemon', namespace: home.network.namespace('tv-1'), command }, signal);
  };
  return { home, startDaemon, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

const urlOf = ({ network }: Deployment) => `rtsp://${network.address('portal', 4)}:${rtspPort}/film`;
const ffmpeg = ['ffmpeg', '-v', 'error', '-rtsp_transport', 'udp'];
const inside = ({ network }: Deployment, host: string, ...command: string[]) => [
  'nsenter',
  `--net=${network.namespace(host)}`,
  '--',
  ...command,
];

async function untilOpenings(home: Deployment, count: number, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  while ((await home.foreign('gateway-1')?.openings(deadline)) !== count)
    await setTimeout(50, undefined, { signal: deadline });
}

/** What a player that lists the frames of 5 s showed. */
function framesOf(text: string) {
  const frames = text.split('\n').filter((line) => /^\d, /.test(line));
  return {
    video: frames.filter((line) => line.startsWith('0,')).length,
    audio: frames.filter((line) => line.startsWith('1,')).length,
  };
}
const framecrc = ['-t', '5', '-map', '0:v', '-map', '0:a', '-f', 'framecrc', '-'];

for (const [name, row] of inHomeRows)
  test(
    `${name}: ffmpeg, unmodified, plays the film over RTSP with RTP over UDP, behind miniupnpd`,
    limit,
    async (t) => {
      await using at = await homeWith(name, row, t.signal);
      const { home } = at;
      await using _daemon: HostProcess = await at.startDaemon('allowed');
      const play = run(inside(home, 'tv-1', ...ffmpeg, '-i', urlOf(home), ...framecrc), t.signal);
      await untilOpenings(home, 4, t.signal);
      const { video, audio } = framesOf(await play);
      assert.ok(video >= 100, `${video} frames of video in 5 s`);
      assert.ok(audio >= 200, `${audio} frames of audio in 5 s`);
      await untilOpenings(home, 0, t.signal);
    },
  );

/** Packets at a port of the television, as ffmpeg shows them that is told of the stream by a description alone. */
async function shownOf(home: Deployment, from: string, to: string, signal: AbortSignal): Promise<number> {
  const port = 24_500;
  await using _sender = await startOnHost(
    {
      name: 'sender',
      namespace: home.network.namespace(from),
      command: [
        ...['ffmpeg', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=25', '-c:v', 'mpeg2video'],
        ...['-f', 'rtp', `rtp://${to}:${port}`],
      ],
      becomesReady: false,
    },
    signal,
  );
  const description = `v=0\\no=- 0 0 IN IP4 0.0.0.0\\ns=-\\nc=IN IP4 0.0.0.0\\nt=0 0\\nm=video ${port} RTP/AVP 32\\n`;
  const player = `printf '${description}' | timeout 8 ffmpeg -v error -protocol_whitelist pipe,udp,rtp -i - -t 1 -f framecrc -; true`;
  const shown = await run(inside(home, 'tv-1', 'sh', '-c', player), signal);
  return shown.split('\n').filter((line) => line.startsWith('0,')).length;
}

test('GStreamer, unmodified, plays it behind miniupnpd', limit, async (t) => {
  const row = inHomeRows.find(([name]) => name === 'igd')?.[1];
  assert.ok(row);
  await using at = await homeWith('gst', row, t.signal);
  const { home } = at;
  await using _daemon = await at.startDaemon('allowed');
  const directory = mkdtempSync(join(tmpdir(), 'gstreamer-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'video');
  const pipeline = [
    ...['rtspsrc', `location=${urlOf(home)}`, 'protocols=udp', 'latency=200', 'name=s'],
    ...['s.', '!', 'rtph264depay', '!', 'h264parse', '!', 'avdec_h264', '!', 'filesink', `location=${file}`],
    ...['s.', '!', 'rtpmp4gdepay', '!', 'fakesink'],
  ];
  const interrupted = ['sh', '-c', 'timeout --signal=INT 6 "$@"; true', 'sh', 'gst-launch-1.0', '-e', ...pipeline];
  const play = run(inside(home, 'tv-1', ...interrupted), t.signal);
  await untilOpenings(home, 4, t.signal);
  await play;
  assert.ok(statSync(file).size > 60 * 320 * 180 * 1.5, `${statSync(file).size} octets of pictures`);
  await untilOpenings(home, 0, t.signal);
});

test(
  "a player that is killed, a neighbour's player, and a household that does not let players ask",
  limit,
  async (t) => {
    const row = inHomeRows.find(([name]) => name === 'igd')?.[1];
    assert.ok(row);
    await using at = await homeWith('safe', row, t.signal);
    const { home } = at;
    const openings = async () => await home.foreign('gateway-1')?.openings(t.signal);
    const startPlayer = (host: string, ...ports: string[]) =>
      startOnHost(
        {
          name: `ffmpeg on ${host}`,
          namespace: home.network.namespace(host),
          command: [...ffmpeg, ...ports, '-i', urlOf(home), '-f', 'null', '-'],
          becomesReady: false,
        },
        t.signal,
      );
    const isRefused = async (host: string) => {
      const play = run(inside(home, host, ...ffmpeg, '-i', urlOf(home), '-t', '2', '-f', 'null', '-'), t.signal);
      await assert.rejects(play, /40[0-9] |503 /);
    };

    await t.test(
      'without Sluice nothing comes over UDP: what does inside the home, does not from outside',
      async () => {
        const { network } = home;
        assert.ok((await shownOf(home, 'tablet-1', '192.168.1.2', t.signal)) > 10);
        assert.equal(await shownOf(home, 'media', network.address('gateway-1', 4), t.signal), 0);
      },
    );
    await t.test('without a daemon there is nobody who could open: the player gets nothing', async () => {
      await isRefused('tv-1');
      assert.equal(await openings(), 0);
    });
    await t.test('a household that does not let players ask', async () => {
      await using _daemon = await at.startDaemon('refused');
      await isRefused('tv-1');
      assert.equal(await openings(), 0);
    });
    await using _daemon = await at.startDaemon('allowed');
    await t.test('killed, it leaves no mapping', async () => {
      await using player = await startPlayer('tv-1');
      await untilOpenings(home, 4, t.signal);
      player.kill('SIGKILL');
      await player.ended;
      await untilOpenings(home, 0, t.signal);
    });
    await t.test(
      "a neighbour's player is not this device's, also while the same ports are played to here",
      async () => {
        await isRefused('tablet-1');
        assert.equal(await openings(), 0);
        const ports = ['-min_port', '24000', '-max_port', '24003'];
        await using _player = await startPlayer('tv-1', ...ports);
        await untilOpenings(home, 4, t.signal);
        const neighbour = await startPlayer('tablet-1', ...ports);
        const { code } = await neighbour.ended;
        assert.notEqual(code, 0);
        assert.match(neighbour.log.join('\n'), /40[0-9] |503 /);
        assert.equal(await openings(), 4);
      },
    );
  },
);
