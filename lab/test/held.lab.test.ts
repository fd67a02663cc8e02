import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ContentAnswer } from '@sluice/api';
import { openingsInKernel, secondsLeft } from '../once/kernel-openings.ts';
import { rightProbe } from '../once/probes.ts';
import { Probing } from '../once/probing.ts';
import { type Viewing, view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { run } from '../run.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 180_000 };
const overrides = {
  'media-server': { filmSeconds: 60 },
  'configuration-server': { leases: { provisionalSeconds: 5, fullSeconds: 5 } },
};
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
let home: Deployment;

before(async () => {
  home = await deployedHome('held', overrides, AbortSignal.timeout(limit.timeout));
}, limit);
after(() => home[Symbol.asyncDispose]());

function watchFilm(signal: AbortSignal): Promise<Viewing> {
  return view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, signal);
}

/** Ports that nmap calls `open`, as "udp/16384". */
async function openPorts(address: string, ports: readonly number[], signal: AbortSignal): Promise<string[]> {
  const list = ports.join(',');
  const scan = ['nmap', '-n', '-Pn', '-sS', '-sU', '--max-retries', '1', '--min-rate', '300', '-oG', '-'];
  const text = await run(
    ['nsenter', `--net=${home.network.namespace('stranger')}`, ...scan, '-p', `T:${list},U:${list}`, address],
    signal,
  );
  assert.match(text, /Host: .*Ports: /, 'nmap has scanned');
  return [...text.matchAll(/(\d+)\/open\/(\w+)\//g)].map((match) => `${match[2]}/${match[1]}`);
}

test('nmap from a stranger finds no open port while five are held open', limit, async (t) => {
  await using viewing = await watchFilm(t.signal);
  const answer = await viewing.open;
  const held = answer.streams.map(({ global }) => global.port);
  assert.equal(held.length, 5);
  const around = Array.from({ length: 100 }, (_, index) => 16_000 + index * 137);
  const gateway = home.network.address('gateway-1', 4, 'internet');
  assert.deepEqual(await openPorts(gateway, [...new Set([...held, ...around])], t.signal), []);
  assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 5, 'still held after the scan');
  // The same scan of a machine that does listen, or finding nothing would mean nothing.
  assert.deepEqual(await openPorts(home.network.address('portal', 4), [8443], t.signal), ['tcp/8443']);
});

test('with the agent killed, packets pass until the lease ends and not after', limit, async (t) => {
  using probing = new Probing(home.network);
  await using viewing = await watchFilm(t.signal);
  const answer = await viewing.open;
  await viewing.arrived(['video']);
  const sending = persistVideo(probing, answer);
  try {
    const agent = home.part('gateway-1');
    agent.kill('SIGKILL');
    await agent.ended;
    // Nobody is left who could renew, so what the kernel says now is the end.
    const leftMs = (await secondsLeft(home.network, 'gateway-1', t.signal)) * 1000;
    assert.ok(leftMs > 1000 && leftMs <= 5000, `${leftMs} ms of a lease of 5 s are left`);
    await setTimeout(leftMs - 700, undefined, { signal: t.signal });
    const until = await sending.turn();
    assert.ok(until.sent > 0 && until.passed === until.sent, `${until.passed} of ${until.sent} before the lease ended`);
    await setTimeout(1700, undefined, { signal: t.signal });
    await sending.turn();
    await setTimeout(1500, undefined, { signal: t.signal });
    const beyond = await sending.turn();
    assert.ok(beyond.sent > 0);
    assert.equal(beyond.passed, 0, `${beyond.passed} of ${beyond.sent} after the lease ended`);
    assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 0);
  } finally {
    sending.stop();
  }
});

function persistVideo(probing: Probing, answer: ContentAnswer) {
  const video = answer.streams.find(({ id }) => id === 'video');
  assert.ok(video?.payloadType !== undefined);
  const { remote, global, local, payloadType } = video;
  const target = {
    streamId: 'video',
    kind: 'rtp',
    firstSpeaker: 'server',
    payloadType,
    remote,
    global,
    local,
  } as const;
  const probe = rightProbe(target);
  assert.ok(probe);
  return probing.persist(target, probe, 20);
}
