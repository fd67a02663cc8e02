import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Content } from '@sluice/api';
import { VirtualClock } from '@sluice/io';
import { type Endpoint, refuse } from '@sluice/model';
import { buildRtcp, buildRtp, parseRtcp, parseRtp } from '@sluice/wire/rtp';
import { openUdpPort, type UdpPort } from './io/udp-port.ts';
import { type ContentPlay, requestContent, type Step } from './request-content.ts';
import { FakePortal } from './test/fake-portal.ts';

const here = new AbortController().signal;

/** A media server's two UDP ports, and what came in on them. */
class Server {
  readonly rtp: UdpPort;
  readonly rtcp: UdpPort;
  readonly #waiting: { rtp: ((packet: Got) => void)[]; rtcp: ((packet: Got) => void)[] } = { rtp: [], rtcp: [] };

  constructor(rtp: UdpPort, rtcp: UdpPort) {
    this.rtp = rtp;
    this.rtcp = rtcp;
    rtp.receive((bytes, from) => this.#waiting.rtp.shift()?.({ bytes, from }));
    rtcp.receive((bytes, from) => this.#waiting.rtcp.shift()?.({ bytes, from }));
  }

  next(port: 'rtp' | 'rtcp'): Promise<Got> {
    return new Promise((resolve) => this.#waiting[port].push(resolve));
  }

  send(sequence: number, to: Endpoint): void {
    const fields = { payloadType: 96, marker: true, timestamp: sequence, ssrc: 5, csrcs: [], padding: 0 };
    this.rtp.send(buildRtp({ ...fields, sequence, payload: new Uint8Array(50) }), to);
  }
}

interface Got {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

async function world(t: TestContext) {
  const rtp = await openUdpPort(4, 0);
  const rtcp = await openUdpPort(4, 0);
  t.after(async () => {
    await rtp[Symbol.asyncDispose]();
    await rtcp[Symbol.asyncDispose]();
  });
  const server = new Server(rtp, rtcp);
  const at = (port: number) => ({ address: '127.0.0.1', port });
  const content: Content = {
    contentId: 'radio',
    title: 'Radio',
    kind: 'radio',
    description: '',
    streams: [
      { id: 'audio', streamType: 'rtp', remote: at(rtp.port), payloadType: 96 },
      { id: 'audio-rtcp', streamType: 'rtcp', remote: at(rtcp.port), pairedWith: 'audio' },
    ],
  };
  const portal = new FakePortal(content);
  const clock = new VirtualClock();
  const around = { clock, stopwatch: () => clock.now(), random: () => 0.5 };
  return { server, portal, clock, around };
}

async function granted(asked: ReturnType<typeof requestContent>): Promise<ContentPlay> {
  const answer = await asked;
  if (answer.kind === 'refused') throw new Error(answer.refusal.message);
  return answer.value;
}

/** An onlooker who waits for the nth packet. */
function counting(wanted: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  return { arrived: promise, onlooker: { rtp: () => void (++count === wanted && resolve()) } };
}

test('the ports are open before the portal is asked, so the first packet counts', async (t) => {
  const { server, portal, around } = await world(t);
  portal.started = ([audio]) => {
    for (const sequence of [1, 2, 3]) server.send(sequence, audio?.local ?? { address: '', port: 0 });
  };
  const steps: Step[] = [];
  const { arrived, onlooker } = counting(3);
  const told = { ...onlooker, step: (step: Step) => steps.push(step) };
  const play = await granted(requestContent(portal, { contentId: 'radio' }, told, around, here));
  await arrived;
  const [audio] = play.statistics();
  assert.deepEqual([audio?.packetsReceived, audio?.lost, audio?.bytesReceived], [3, 0, 186]);
  assert.equal(portal.bodies[0]?.localPorts.audio, audio?.localPort);
  assert.deepEqual(portal.bodies[0]?.localAddresses, ['127.0.0.1']);
  assert.deepEqual(steps.map(({ step }) => step).toSorted(), [
    'acknowledged',
    'gateway-configured',
    'media-started',
    'request',
    'streaming',
  ]);
  await play.leave();
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left']);
});

test('no address is named when the wish says none', async (t) => {
  const { portal, around } = await world(t);
  await using _ = await granted(requestContent(portal, { contentId: 'radio', localAddresses: [] }, {}, around, here));
  assert.deepEqual(portal.bodies[0]?.localAddresses, []);
});

test('the appliance speaks first, from the ports that it named, once the openings hold', async (t) => {
  const { server, portal, around } = await world(t);
  const firsts = Promise.all([server.next('rtp'), server.next('rtcp')]);
  portal.started = () => portal.said.push('openings hold');
  const wish = { contentId: 'radio', firstSpeaker: { audio: 'appliance', 'audio-rtcp': 'appliance' } } as const;
  await using play = await granted(requestContent(portal, wish, {}, around, here));
  const [rtp, rtcp] = await firsts;
  assert.equal(rtp.from.port, play.statistics()[0]?.localPort);
  assert.equal(rtcp.from.port, play.statistics()[1]?.localPort);
  assert.equal(parseRtp(rtp.bytes)?.payloadType, 96);
  assert.equal(parseRtcp(rtcp.bytes)?.[0]?.type, 'receiver-report');
  assert.deepEqual(portal.bodies[0]?.firstSpeaker, wish.firstSpeaker);
});

test('what is received is reported, and leaving is told to the server', async (t) => {
  const { server, portal, clock, around } = await world(t);
  const { arrived, onlooker } = counting(2);
  const play = await granted(requestContent(portal, { contentId: 'radio' }, onlooker, around, here));
  const local = play.answer.streams[0]?.local ?? { address: '', port: 0 };
  server.send(1, local);
  server.send(3, local);
  await arrived;
  const report = server.next('rtcp');
  await clock.pass(5_000);
  const [receiver] = parseRtcp((await report).bytes) ?? [];
  assert.equal(receiver?.type === 'receiver-report' && receiver.reports[0]?.lost, 1);
  const goodbye = server.next('rtcp');
  await play.leave();
  assert.ok(parseRtcp((await goodbye).bytes)?.some(({ type }) => type === 'goodbye'));
});

test("the server's goodbye ends the content", async (t) => {
  const { server, portal, clock, around } = await world(t);
  const said = Promise.withResolvers<void>();
  const play = await granted(
    requestContent(portal, { contentId: 'radio' }, { rtcp: () => said.resolve() }, around, here),
  );
  server.rtcp.send(
    buildRtcp([{ type: 'goodbye', ssrcs: [5] }]),
    play.answer.streams[1]?.local ?? { address: '', port: 0 },
  );
  await said.promise;
  await clock.pass(1_000);
  assert.equal(await play.ended, 'content-ended');
  await play.leave('content-ended');
  assert.deepEqual(portal.said, ['request', 'leave s1 content-ended']);
});

test('long silence ends a play', async (t) => {
  const { portal, clock, around } = await world(t);
  await using play = await granted(requestContent(portal, { contentId: 'radio' }, {}, around, here));
  await clock.pass(16_000);
  assert.equal(await play.ended, 'silent');
});

test('leaving twice is leaving once, and the ports are free again', async (t) => {
  const { portal, around } = await world(t);
  const play = await granted(requestContent(portal, { contentId: 'radio' }, {}, around, here));
  const [first, second] = await Promise.all([play.leave(), play.leave()]);
  assert.equal(first, second);
  assert.deepEqual(portal.said, ['request', 'leave s1 appliance-left']);
  await using again = await openUdpPort(4, play.statistics()[0]?.localPort ?? 0);
  assert.ok(again.port > 0);
});

test('leaving that fails is told, and the ports are free all the same', async (t) => {
  const { portal, around } = await world(t);
  portal.leaveRefusal = refuse('part-unreachable', 'the portal cannot be reached; try later');
  const play = await granted(requestContent(portal, { contentId: 'radio' }, {}, around, here));
  assert.deepEqual(await play.leave(), { kind: 'refused', refusal: portal.leaveRefusal });
  await using again = await openUdpPort(4, play.statistics()[0]?.localPort ?? 0);
  assert.ok(again.port > 0);
});

test('a refusal keeps its code, and no port stays open', async (t) => {
  const { portal, around } = await world(t);
  await using probe = await openUdpPort(4, 0);
  const port = probe.port;
  await probe[Symbol.asyncDispose]();
  portal.refusal = refuse('gateway-offline', 'the gateway is offline');
  const wish = { contentId: 'radio', localPorts: { audio: port } };
  const answer = await requestContent(portal, wish, {}, around, here);
  assert.deepEqual(answer, { kind: 'refused', refusal: portal.refusal });
  await using again = await openUdpPort(4, port);
  assert.equal(again.port, port);
});

test('an unknown content and a port in use are refused before the portal is asked', async (t) => {
  const { server, portal, around } = await world(t);
  const unknown = await requestContent(portal, { contentId: 'nothing' }, {}, around, here);
  assert.equal(unknown.kind === 'refused' && unknown.refusal.code, 'content-unknown');
  const wish = { contentId: 'radio', localPorts: { audio: server.rtp.port } };
  const taken = await requestContent(portal, wish, {}, around, here);
  assert.equal(taken.kind === 'refused' && taken.refusal.code, 'port-in-use');
  assert.deepEqual(portal.said, []);
});

test('a description that cannot be read is refused', async (t) => {
  const { portal, around } = await world(t);
  const broken = new FakePortal({ ...portal.shown, sdp: 'hello' });
  const answer = await requestContent(broken, { contentId: 'radio' }, {}, around, here);
  assert.equal(answer.kind === 'refused' && answer.refusal.code, 'part-unreachable');
});

test('giving up while the portal decides rejects, and frees the ports', async (t) => {
  const { portal, around } = await world(t);
  portal.holdRequest = new Promise(() => {});
  const ending = new AbortController();
  const asked = requestContent(portal, { contentId: 'radio' }, {}, around, ending.signal);
  while (portal.bodies.length === 0) await new Promise((resolve) => setImmediate(resolve));
  ending.abort(new Error('switched off'));
  await assert.rejects(asked, /switched off/);
  await using again = await openUdpPort(4, portal.bodies[0]?.localPorts.audio ?? 0);
  assert.ok(again.port > 0);
});
