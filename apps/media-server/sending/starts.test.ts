import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartRequest } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { buildRtcp, parseRtcp, parseRtp } from '@sluice/wire/rtp';
import type { ServedContent, ServedStream } from '../catalogue.ts';
import type { ReadyContent } from '../contents/content.ts';
import { MemoryConnectionPort, MemoryDatagramPort } from '../test/memory-ports.ts';
import { smallFilm } from '../test/small-content.ts';
import { Pacer } from './pacer.ts';
import { Starts } from './starts.ts';

const gateway = '203.0.113.1';
const ports = { video: 20000, 'video-rtcp': 20001, audio: 20002, subtitles: 20004 };
const toEvery: StartRequest['streams'] = Object.entries(ports).map(([id, port]) => ({
  id,
  to: { address: gateway, port },
}));

function server(contents: readonly ReadyContent[] = [smallFilm(1)], most = 10) {
  const clock = new VirtualClock(1_000_000);
  const nowMs = () => clock.now();
  const datagrams = new Map<string, MemoryDatagramPort>();
  const connections = new MemoryConnectionPort(7004, nowMs);
  const served = contents.map((content): ServedContent => {
    const streams = content.streams.map((stream, index): ServedStream => {
      if (stream.streamType === 'tcp') return { stream, connections: { 4: connections } };
      const port = new MemoryDatagramPort(7000 + index, nowMs);
      datagrams.set(stream.id, port);
      return { stream, datagrams: { 4: port } };
    });
    return { content, streams };
  });
  const needs = {
    pacer: new Pacer(clock),
    clock,
    wall: clock,
    random: () => 0.5,
    async *readFile() {
      yield Uint8Array.of(1, 2, 3);
      yield Uint8Array.of(4);
    },
    log: silentLog,
    limits: { firstSpeakerMs: 2000, connectMs: 2000, longestSeconds: 60 },
  };
  const port = (id: string) => {
    const found = datagrams.get(id);
    assert.ok(found);
    return found;
  };
  return { clock, starts: new Starts(served, needs, most), port, connections };
}

const request = (over: Partial<StartRequest> = {}): StartRequest => ({
  sessionId: 's1',
  contentId: 'film',
  streams: toEvery,
  firstSpeaker: {},
  ...over,
});
const codeOf = (answer: Awaited<ReturnType<Starts['start']>>) =>
  answer.kind === 'refused' ? answer.refusal.code : 'granted';
/** What waits for no time has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const every = { video: 'appliance', 'video-rtcp': 'appliance', audio: 'appliance', subtitles: 'appliance' } as const;

test('a start is answered when all its streams are sending, and the film is sent to its end', async () => {
  const { clock, starts, port, connections } = server();
  const began = clock.now();
  const answer = await starts.start(request());
  assert.equal(clock.now(), began, 'no time passes before the answer');
  assert.ok(answer.kind === 'granted');
  assert.equal(answer.value.state, 'sending');
  assert.deepEqual(
    answer.value.streams.map(({ id, packetsSent }) => [id, packetsSent]),
    [
      ['video', 1],
      ['video-rtcp', 1],
      ['audio', 1],
      ['subtitles', 1],
    ],
  );
  await clock.pass(1200);
  const video = port('video').sent;
  assert.equal(video.length, 20);
  for (const [index, { atMs }] of video.entries()) {
    const due = Math.floor(index / 2) * 100 + (index % 2) * 40;
    assert.ok(atMs - began >= due && atMs - began <= due + 5, `packet ${index} at ${atMs - began}`);
  }
  assert.equal(port('audio').sent.length, 4);
  const [connection] = connections.connections;
  assert.deepEqual(
    connection?.written.map(({ atMs, text }) => [atMs - began, text]),
    [
      [0, 'WEBVTT\n\n'],
      [500, 'cue\n\n'],
    ],
  );
  assert.equal(connection?.state, 'ended');
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted');
  assert.equal(view.value.state, 'ended');
  assert.deepEqual(view.value.streams[0], { id: 'video', packetsSent: 20, bytesSent: 280, packetsReceived: 0 });
});

test('reports tell what was sent and when, and the last says goodbye', async () => {
  const { clock, starts, port } = server([smallFilm(10)]);
  const began = clock.now();
  await starts.start(request());
  await clock.pass(11_000);
  const compounds = port('video-rtcp').sent.map(({ bytes, atMs }) => ({ atMs, packets: parseRtcp(bytes) }));
  // With an even chance in the middle, every 2 s; the goodbye when the film is over.
  assert.deepEqual(
    compounds.map(({ atMs }) => atMs - began),
    [0, 2000, 4000, 6000, 8000, 10_000, 10_000],
  );
  const ssrc = parseRtp(port('video').sent[0]?.bytes ?? new Uint8Array())?.ssrc;
  for (const { atMs, packets } of compounds) {
    const [report, names] = packets ?? [];
    assert.ok(report?.type === 'sender-report' && names?.type === 'source-description');
    assert.equal(report.ssrc, ssrc);
    const sent = port('video').sent.filter((packet) => packet.atMs <= atMs).length;
    assert.ok(Math.abs(report.packets - sent) <= 1);
    assert.equal((report.rtpTimestamp - 2 ** 31) % 2 ** 32, (atMs - began) * 90);
    assert.equal(Number(report.ntp >> 32n) - 2_208_988_800, Math.floor(atMs / 1000));
  }
  const last = compounds.at(-1)?.packets;
  assert.deepEqual(last?.at(-1), { type: 'goodbye', ssrcs: [ssrc] });
  assert.ok(last?.[0]?.type === 'sender-report' && last[0].packets === 200);
});

test('what viewers send is counted, by stream', async () => {
  const { clock, starts, port } = server();
  await starts.start(request());
  const rr = buildRtcp([{ type: 'receiver-report', ssrc: 9, reports: [] }]);
  port('video-rtcp').arrive({ address: gateway, port: 20001 }, rr);
  port('video-rtcp').arrive({ address: gateway, port: 20001 }, Uint8Array.of(1, 2, 3));
  port('video-rtcp').arrive({ address: gateway, port: 9 }, rr);
  await clock.pass(10);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted');
  assert.deepEqual(
    view.value.streams.map(({ id, packetsReceived }) => [id, packetsReceived]),
    [
      ['video', 0],
      ['video-rtcp', 2],
      ['audio', 0],
      ['subtitles', 0],
    ],
  );
});

test('the same start again is the same answer, another under its name a conflict', async () => {
  const { clock, starts, port } = server();
  const first = await starts.start(request());
  await clock.pass(300);
  const again = await starts.start(request());
  assert.deepEqual(again, first);
  await clock.pass(2000);
  assert.equal(port('video').sent.length, 20, 'sent once');
  assert.deepEqual(await starts.start(request()), first, 'also when it is over');
  assert.equal(codeOf(await starts.start(request({ streams: toEvery.slice(0, 1) }))), 'request-conflict');
});

test('stopping says goodbye, sends nothing more, and can be asked for again', async () => {
  const { clock, starts, port, connections } = server([smallFilm(10)]);
  await starts.start(request());
  await clock.pass(500);
  const stopped = await starts.stop('s1');
  assert.ok(stopped.kind === 'granted');
  assert.equal(stopped.value.state, 'stopped');
  const sent = port('video').sent.length;
  assert.equal(stopped.value.streams[0]?.packetsSent, sent);
  assert.equal(stopped.value.streams[1]?.packetsSent, 2, 'the goodbye is counted');
  assert.equal(connections.connections[0]?.state, 'cut');
  await clock.pass(5000);
  assert.equal(port('video').sent.length, sent);
  assert.deepEqual(await starts.stop('s1'), stopped);
  assert.equal(port('video').listeners + port('video-rtcp').listeners, 0);
  assert.equal(codeOf(await starts.stop('s2')), 'session-unknown');
  assert.equal(codeOf(starts.look('s2')), 'session-unknown');
});

test('an armed stream waits for its viewer, and only for its viewer', async () => {
  const { clock, starts, port, connections } = server();
  const answer = await starts.start(request({ firstSpeaker: every }));
  assert.equal(codeOf(answer), 'granted');
  await clock.pass(500);
  port('video').arrive({ address: '203.0.113.66', port: 20000 }, Uint8Array.of(0));
  await clock.pass(100);
  assert.equal(port('video').sent.length + port('audio').sent.length + port('video-rtcp').sent.length, 0);
  assert.equal(connections.connections.length, 0);
  const began = clock.now();
  for (const id of ['video', 'audio', 'video-rtcp'] as const) {
    port(id).arrive({ address: gateway, port: ports[id] }, Uint8Array.of(0));
  }
  const connection = connections.connect({ address: gateway, port: 20004 });
  await settle();
  await clock.pass(1500);
  assert.equal(port('video').sent.length, 20);
  assert.ok((port('video').sent[0]?.atMs ?? 0) - began <= 5, 'from its beginning');
  assert.equal(port('audio').sent.length, 4);
  assert.equal(port('video-rtcp').sent.length, 2);
  assert.equal(connection.written.length, 2);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted' && view.value.state === 'ended');
  assert.equal(view.value.streams[0]?.packetsReceived, 1);
});

test('an armed stream whose viewer says nothing is sent after two seconds, a connection given up', async () => {
  const { clock, starts, port, connections } = server();
  await starts.start(request({ firstSpeaker: every }));
  const began = clock.now();
  await clock.pass(1990);
  assert.equal(port('video').sent.length, 0);
  await clock.pass(3000);
  assert.equal(port('video').sent.length, 20);
  assert.ok((port('video').sent[0]?.atMs ?? 0) >= began + 2000);
  assert.equal(connections.expected.size, 0);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted' && view.value.state === 'ended');
  assert.equal(view.value.streams.find(({ id }) => id === 'subtitles')?.bytesSent, 0);
});

test('a report never goes out before its medium', async () => {
  const { clock, starts, port } = server();
  await starts.start(request({ firstSpeaker: { video: 'appliance' } }));
  await clock.pass(500);
  assert.equal(port('video-rtcp').sent.length, 0);
  assert.equal(port('audio').sent.length, 3, 'what is not armed is sent');
  port('video').arrive({ address: gateway, port: 20000 }, Uint8Array.of(0));
  await settle();
  assert.equal(port('video-rtcp').sent.length, 1);
});

test('a connection that cannot be made means that nothing is sent', async () => {
  const { clock, starts, port, connections } = server();
  connections.dialling = new Error('connect ECONNREFUSED');
  const answer = await starts.start(request());
  assert.ok(answer.kind === 'refused');
  assert.equal(answer.refusal.code, 'media-not-started');
  assert.equal(answer.refusal.subject, 'subtitles');
  assert.match(answer.refusal.message, /ECONNREFUSED/);
  await clock.pass(1000);
  assert.equal(port('video').sent.length, 0);
  // It never was, so the same may be asked again.
  connections.dialling = 'connects';
  assert.equal(codeOf(await starts.start(request())), 'granted');
});

test('a connection that hangs is waited for a bounded time', async () => {
  const { clock, starts, connections } = server();
  connections.dialling = 'hangs';
  const answer = starts.start(request());
  await clock.pass(2000);
  const settled = await answer;
  assert.ok(settled.kind === 'refused');
  assert.match(settled.refusal.message, /no answer in 2000 ms/);
});

test('a stream whose first packet the kernel refuses is not started', async () => {
  const { clock, starts, port, connections } = server();
  port('audio').failure = new Error('send ENETUNREACH');
  const answer = await starts.start(request());
  assert.ok(answer.kind === 'refused');
  assert.deepEqual([answer.refusal.code, answer.refusal.subject], ['media-not-started', 'audio']);
  await clock.pass(1000);
  assert.ok(port('video').sent.length <= 1, 'the rest stops');
  assert.equal(connections.connections[0]?.state, 'cut');
});

test('stopping while it begins ends the waiting', async () => {
  const { clock, starts, connections } = server();
  connections.dialling = 'hangs';
  const answer = starts.start(request());
  await clock.pass(10);
  await starts.stop('s1');
  assert.equal(codeOf(await answer), 'media-not-started');
});

test('a viewer that does not close its connection is cut after a while', async () => {
  const { clock, starts, connections } = server();
  await starts.start(request());
  const [connection] = connections.connections;
  assert.ok(connection);
  connection.peerCloses = false;
  await clock.pass(1500);
  assert.ok(starts.look('s1').kind === 'granted');
  assert.equal(connection.state, 'ended');
  const state = () => {
    const view = starts.look('s1');
    return view.kind === 'granted' ? view.value.state : undefined;
  };
  assert.equal(state(), 'sending');
  await clock.pass(30_000);
  assert.equal(state(), 'ended');
});

test('a content without end is stopped after the longest time', async () => {
  const { clock, starts, port } = server([smallFilm()]);
  await starts.start(request());
  await clock.pass(70_000);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted' && view.value.state !== 'sending');
  assert.equal(port('video').sent.length, 1200);
});

test('a session that takes an endpoint stops the one that still sent there', async () => {
  const { clock, starts, port } = server([smallFilm(10)]);
  await starts.start(request());
  await clock.pass(500);
  assert.equal(codeOf(await starts.start(request({ sessionId: 's2' }))), 'granted');
  const old = starts.look('s1');
  assert.ok(old.kind === 'granted' && old.value.state === 'stopped');
  const before = port('video').sent.length;
  await clock.pass(1000);
  assert.equal(port('video').sent.length - before, 20);
  port('video-rtcp').arrive({ address: gateway, port: 20001 }, Uint8Array.of(1));
  const view = starts.look('s2');
  assert.ok(view.kind === 'granted');
  assert.equal(view.value.streams[1]?.packetsReceived, 1);
});

test('a file is sent as the connection takes it', async () => {
  const file = { path: '/file', name: 'file', bytes: 4, sha256: '' };
  const download: ReadyContent = {
    contentId: 'download',
    title: '',
    kind: 'download',
    description: '',
    loopMs: 0,
    poster: { contentType: 'image/jpeg', bytes: Uint8Array.of() },
    streams: [{ id: 'file', streamType: 'tcp', file }],
  };
  const { starts, connections } = server([download]);
  const streams = [{ id: 'file', to: { address: gateway, port: 20000 } }];
  assert.equal(codeOf(await starts.start(request({ contentId: 'download', streams }))), 'granted');
  await settle();
  assert.equal(connections.connections[0]?.bytesSent, 4);
  const view = starts.look('s1');
  assert.ok(view.kind === 'granted');
  assert.deepEqual(view.value, {
    sessionId: 's1',
    state: 'ended',
    streams: [{ id: 'file', packetsSent: 2, bytesSent: 4, packetsReceived: 0 }],
  });
});

test('what cannot be started is refused with its reason, and nothing is sent', async () => {
  const { starts, port } = server([smallFilm(10)], 1);
  const to = { address: gateway, port: 20000 };
  const cases: readonly [string, Partial<StartRequest>][] = [
    ['content-unknown', { contentId: 'nothing' }],
    ['malformed', { streams: [{ id: 'smell', to }] }],
    [
      'malformed',
      {
        streams: [
          { id: 'video', to },
          { id: 'video', to },
        ],
      },
    ],
    ['malformed', { streams: [{ id: 'video-rtcp', to }] }],
    ['malformed', { streams: [{ id: 'video', to: { address: '2001:db8::1', port: 1 } }] }],
    ['address-not-unicast', { streams: [{ id: 'video', to: { address: '239.1.2.3', port: 1 } }] }],
    ['address-not-unicast', { streams: [{ id: 'video', to: { address: '127.0.0.1', port: 1 } }] }],
    ['address-not-unicast', { streams: [{ id: 'video', to: { address: '0.0.0.0', port: 1 } }] }],
  ];
  for (const [code, over] of cases) assert.equal(codeOf(await starts.start(request(over))), code, JSON.stringify(over));
  assert.equal(port('video').sent.length, 0);
  assert.equal(codeOf(await starts.start(request())), 'granted');
  const other = { sessionId: 's2', streams: [{ id: 'video', to: { address: gateway, port: 30000 } }] };
  assert.equal(codeOf(await starts.start(request(other))), 'quota-exceeded');
  await starts.stop('s1');
  assert.equal(codeOf(await starts.start(request(other))), 'granted', 'room again');
});
