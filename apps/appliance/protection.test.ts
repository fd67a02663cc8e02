import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Content } from '@sluice/api';
import { VirtualClock } from '@sluice/io';
import { buildRtp, parseRtcp } from '@sluice/wire/rtp';
import { SrtpReceiver, SrtpSender } from '@sluice/wire/srtp';
import { openUdpPort } from './io/udp-port.ts';
import { playContent } from './playing/play.ts';
import { type ContentPlay, requestContent } from './request-content.ts';
import { FakePortal } from './test/fake-portal.ts';

const here = new AbortController().signal;
const suite = 'AEAD_AES_128_GCM';
const [serverKey, applianceKey] = [Buffer.alloc(28, 1), Buffer.alloc(28, 2)];
const keys = {
  audio: { suite, server: serverKey.toString('base64'), appliance: applianceKey.toString('base64') },
} as const;
const srtp = { protection: 'srtp' } as const;

async function world(t: TestContext) {
  const ports = [await openUdpPort(4, 0), await openUdpPort(4, 0)] as const;
  t.after(() => Promise.all(ports.map((port) => port[Symbol.asyncDispose]())));
  const [rtp, rtcp] = ports;
  const content: Content = {
    ...{ contentId: 'radio', title: 'Radio', kind: 'radio', description: '' },
    streams: [
      { id: 'audio', streamType: 'rtp', remote: { address: '127.0.0.1', port: rtp.port }, payloadType: 96 },
      { id: 'audio-rtcp', streamType: 'rtcp', remote: { address: '127.0.0.1', port: rtcp.port }, pairedWith: 'audio' },
    ],
  };
  const portal = new FakePortal(content);
  portal.keys = keys;
  portal.protection = { audio: srtp, 'audio-rtcp': srtp };
  const clock = new VirtualClock();
  const around = { clock, stopwatch: () => clock.now(), random: () => 0.5 };
  const send = (sender: SrtpSender, sequence: number) => {
    const fields = { payloadType: 96, marker: true, timestamp: sequence, ssrc: 5, csrcs: [], padding: 0 };
    const packet = buildRtp({ ...fields, sequence, payload: new Uint8Array(50) });
    const sealed = Buffer.concat([
      packet.subarray(0, 12),
      ...sender.protectRtp(packet.subarray(0, 12), packet.subarray(12)),
    ]);
    rtp.send(sealed, { address: '127.0.0.1', port: portal.bodies[0]?.localPorts.audio ?? 0 });
  };
  return { portal, around, clock, send, rtcp };
}

test('what came before the verdict is opened with its key, and what goes back is protected', async (t) => {
  const { portal, around, clock, send, rtcp } = await world(t);
  const sender = new SrtpSender(suite, serverKey);
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  portal.started = () => send(sender, 1);
  const onlooker = { rtp: (_: string, bytes: Uint8Array) => bytes.length === 62 && resolve() };
  const answer = await requestContent(portal, { contentId: 'radio' }, onlooker, around, here);
  assert.ok(answer.kind === 'granted');
  await using play = answer.value;
  await arrived;
  assert.deepEqual(portal.bodies[0]?.srtp, ['AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80']);
  assert.ok(!('keys' in play.answer), 'nobody is handed the keys');
  const reported = new Promise<Uint8Array>((took) => rtcp.receive((bytes) => took(bytes)));
  await clock.pass(5_000);
  const report = await reported;
  assert.equal(parseRtcp(report), undefined, 'it is not in the clear');
  const opened = new SrtpReceiver(suite, applianceKey).unprotectRtcp(report);
  assert.ok(typeof opened === 'object');
  assert.equal(parseRtcp(opened)?.[0]?.type, 'receiver-report');
  const [audio] = play.statistics();
  assert.deepEqual([audio?.protection, audio?.packetsReceived, audio?.unauthentic], ['srtp', 1, 0]);
});

test('a server with another key is heard of, and nothing of it is played', async (t) => {
  const { portal, around, clock, send } = await world(t);
  const other = new SrtpSender(suite, Buffer.alloc(28, 9));
  let heard = 0;
  const opened = Promise.withResolvers<ContentPlay>();
  const onlooker = { rtp: () => void heard++, open: (play: ContentPlay) => opened.resolve(play) };
  const playing = playContent(portal, { contentId: 'radio', durationSeconds: 1 }, onlooker, around, here);
  const play = await opened.promise;
  for (const sequence of [1, 2, 3]) send(other, sequence);
  while (play.statistics()[0]?.unauthentic !== 3) await new Promise((resolve) => setImmediate(resolve));
  await clock.pass(1_000);
  const { verdict, reasons, streams } = await playing;
  assert.deepEqual([verdict, heard, streams[0]?.packetsReceived, streams[0]?.unauthentic], ['fail', 0, 0, 3]);
  assert.match(reasons[0] ?? '', /nothing that arrived on audio was made with its key/);
});

test('whoever takes protected streams only leaves when they would come in the clear', async (t) => {
  const { portal, around } = await world(t);
  portal.keys = undefined;
  portal.protection = { audio: { protection: 'clear', clearBecause: 'the server is old' } };
  const answer = await requestContent(portal, { contentId: 'radio', protection: 'required' }, {}, around, here);
  assert.ok(answer.kind === 'refused');
  assert.deepEqual([answer.refusal.code, answer.refusal.subject], ['protection-missing', 'audio']);
  assert.match(answer.refusal.message, /the server is old/);
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left']);
});

test('a verdict that says "protected" and brings no key is refused, and left', async (t) => {
  const { portal, around } = await world(t);
  portal.keys = undefined;
  const answer = await requestContent(portal, { contentId: 'radio' }, {}, around, here);
  assert.equal(answer.kind === 'refused' && answer.refusal.code, 'part-unreachable');
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left']);
});

test('whoever wants no protection offers none, and is told why a stream is in the clear', async (t) => {
  const { portal, around } = await world(t);
  portal.keys = undefined;
  portal.protection = { audio: { protection: 'clear', clearBecause: 'nothing was offered' } };
  const answer = await requestContent(portal, { contentId: 'radio', protection: 'off' }, {}, around, here);
  assert.ok(answer.kind === 'granted');
  await using play = answer.value;
  assert.deepEqual(portal.bodies[0]?.srtp, []);
  assert.deepEqual(
    play.statistics().map(({ id, protection, clearBecause }) => [id, protection, clearBecause]),
    [
      ['audio', 'clear', 'nothing was offered'],
      ['audio-rtcp', 'clear', undefined],
    ],
  );
});
