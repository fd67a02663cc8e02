import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartAnswer, StartRequest } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { buildRtcp, parseRtcp, parseRtp } from '@sluice/wire/rtp';
import { SrtpReceiver, SrtpSender, srtpSuites } from '@sluice/wire/srtp';
import type { ServedStream } from '../catalogue.ts';
import { MemoryConnectionPort, MemoryDatagramPort } from '../test/memory-ports.ts';
import { smallFilm } from '../test/small-content.ts';
import { Pacer } from './pacer.ts';
import type { ProtectionPolicy } from './protection.ts';
import { Starts } from './starts.ts';

const to = (port: number) => ({ address: '203.0.113.1', port });
const ports = { video: to(20000), 'video-rtcp': to(20001), audio: to(20002), subtitles: to(20004) };

function server(policy?: ProtectionPolicy) {
  const clock = new VirtualClock(1_000_000);
  const nowMs = () => clock.now();
  const datagrams = new Map<string, MemoryDatagramPort>();
  const content = smallFilm(1);
  const streams = content.streams.map((stream, index): ServedStream => {
    if (stream.streamType === 'tcp') return { stream, connections: { 4: new MemoryConnectionPort(7004, nowMs) } };
    const port = new MemoryDatagramPort(7000 + index, nowMs);
    datagrams.set(stream.id, port);
    return { stream, datagrams: { 4: port } };
  });
  const logged: string[] = [];
  const note = (fields: object) => void logged.push(JSON.stringify(fields));
  const log = { ...silentLog, info: note, warn: note, error: note, debug: note, child: () => log };
  const limits = { firstSpeakerMs: 2000, connectMs: 2000, longestSeconds: 60 };
  const needs = { pacer: new Pacer(clock), clock, wall: clock, random: () => 0.99, log, limits, async *readFile() {} };
  const starts = new Starts([{ content, streams }], needs, 10, policy);
  const port = (id: string) => {
    const found = datagrams.get(id);
    assert.ok(found);
    return found;
  };
  return { clock, starts, port, logged };
}

const request = (over: Partial<StartRequest> = {}): StartRequest => ({
  sessionId: 's1',
  contentId: 'film',
  streams: Object.entries(ports).map(([id, endpoint]) => ({ id, to: endpoint })),
  firstSpeaker: {},
  srtp: [...srtpSuites],
  ...over,
});

async function granted(starts: Starts, over: Partial<StartRequest> = {}): Promise<StartAnswer> {
  const answer = await starts.start(request(over));
  assert.ok(answer.kind === 'granted');
  return answer.value;
}

function receiverOf({ keys }: StartAnswer, id: string): SrtpReceiver {
  const { suite, server } = keys?.[id] ?? assert.fail(`no key of ${id}`);
  return new SrtpReceiver(suite, Buffer.from(server, 'base64'));
}

for (const suite of srtpSuites)
  test(`${suite}: what goes out opens with the keys of the answer, and is the film`, async () => {
    const { clock, starts, port } = server();
    const answer = await granted(starts, { srtp: ['SOMETHING_NEW', suite] });
    assert.deepEqual(
      Object.entries(answer.keys ?? {}).map(([id, keys]) => [id, keys.suite]),
      [
        ['video', suite],
        ['audio', suite],
      ],
    );
    await clock.pass(1200);
    const video = receiverOf(answer, 'video');
    const sent = port('video').sent.map(({ bytes }) => bytes);
    assert.equal(sent.length, 20);
    for (const [index, bytes] of sent.entries()) {
      const opened = video.unprotectRtp(bytes);
      assert.ok(typeof opened === 'object');
      assert.deepEqual([...(parseRtp(opened)?.payload ?? [])], [index, index]);
      assert.notDeepEqual([...bytes.subarray(12, 14)], [index, index]);
      assert.deepEqual(bytes.subarray(0, 12), opened.subarray(0, 12), 'what a gateway looks at is readable');
    }
    assert.ok((parseRtp(sent[0] ?? new Uint8Array())?.sequence ?? 0x8000) < 0x8000);
    for (const { bytes } of port('audio').sent)
      assert.equal(typeof receiverOf(answer, 'audio').unprotectRtp(bytes), 'object');
    assert.equal(receiverOf(answer, 'audio').unprotectRtp(sent[0] ?? new Uint8Array()), 'unauthentic');
    const reports = port('video-rtcp').sent.map(({ bytes }) => video.unprotectRtcp(bytes));
    assert.deepEqual(
      reports.map((bytes) => typeof bytes === 'object' && parseRtcp(bytes)?.map(({ type }) => type)),
      [
        ['sender-report', 'source-description'],
        ['sender-report', 'source-description', 'goodbye'],
      ],
    );
    const view = starts.look('s1');
    assert.ok(view.kind === 'granted');
    const [{ packetsSent, bytesSent } = {}] = view.value.streams;
    assert.deepEqual([packetsSent, bytesSent], [20, 280], 'octets before protection');
  });

test('no two viewers have one key, asking again gets the same, and nothing else tells it', async () => {
  const { clock, starts, port, logged } = server();
  const one = await granted(starts);
  assert.deepEqual(await granted(starts), one);
  const elsewhere = [{ id: 'video', to: to(30000) }];
  const other = await granted(starts, { sessionId: 's2', streams: elsewhere });
  const secrets = [one, other].flatMap(({ keys }) =>
    Object.values(keys ?? {}).flatMap(({ server, appliance }) => [server, appliance]),
  );
  assert.equal(new Set(secrets).size, 6);
  await clock.pass(500);
  const answers = [starts.look('s1'), await starts.stop('s1'), await starts.stop('s2')];
  const text = JSON.stringify([answers, logged]);
  assert.ok(logged.length > 0);
  assert.ok(secrets.every((secret) => !text.includes(secret)));
  assert.ok(port('video').sent.length > 0);
});

test('each stream is named with what protects it, or why nothing does', async () => {
  const named = async (policy: ProtectionPolicy, srtp?: string[]) =>
    (await granted(server(policy).starts, srtp ? { srtp } : { srtp: undefined })).protection;
  const preferred = await named('preferred', ['AEAD_AES_128_GCM']);
  const { subtitles, ...rtp } = preferred ?? {};
  assert.deepEqual(rtp, {
    video: { protection: 'srtp' },
    'video-rtcp': { protection: 'srtp' },
    audio: { protection: 'srtp' },
  });
  assert.match(subtitles?.clearBecause ?? '', /TCP/);
  for (const none of [await named('preferred'), await named('preferred', ['SOMETHING_NEW'])]) {
    assert.equal(none?.video?.protection, 'clear');
    assert.match(none?.['video-rtcp']?.clearBecause ?? '', /the appliance offers no SRTP/);
  }
  const off = await named('off', [...srtpSuites]);
  assert.match(off?.video?.clearBecause ?? '', /set to send everything in the clear/);
});

test('a server that sends protected only refuses whoever takes no SRTP, and sends nothing', async () => {
  const { starts, port } = server('required');
  const answer = await starts.start(request({ srtp: [] }));
  assert.ok(answer.kind === 'refused');
  assert.deepEqual([answer.refusal.code, answer.refusal.subject], ['protection-missing', 'video']);
  assert.equal(port('video').sent.length, 0);
  assert.ok((await granted(starts)).keys?.video);
});

test('only who has the key is heard: others are counted, begin nothing and report nothing', async () => {
  const { clock, starts, port } = server();
  const answer = await granted(starts, { firstSpeaker: { video: 'appliance', 'video-rtcp': 'appliance' } });
  const keys = answer.keys?.video ?? assert.fail();
  const word = Uint8Array.of(0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9);
  port('video').arrive(ports.video, word);
  const rr = buildRtcp([{ type: 'receiver-report', ssrc: 9, reports: [] }]);
  port('video-rtcp').arrive(ports['video-rtcp'], rr);
  await clock.pass(100);
  assert.equal(port('video').sent.length, 0);
  const viewer = new SrtpSender(keys.suite, Buffer.from(keys.appliance, 'base64'));
  port('video').arrive(ports.video, Buffer.concat([word, ...viewer.protectRtp(word, new Uint8Array())]));
  const report = viewer.protectRtcp(rr);
  port('video-rtcp').arrive(ports['video-rtcp'], report);
  port('video-rtcp').arrive(ports['video-rtcp'], report);
  await clock.pass(100);
  assert.ok(port('video').sent.length > 0);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted');
  assert.deepEqual(
    view.value.streams
      .slice(0, 2)
      .map(({ id, packetsReceived, packetsUnauthentic }) => [id, packetsReceived, packetsUnauthentic]),
    [
      ['video', 1, 1],
      ['video-rtcp', 1, 2],
    ],
  );
});
