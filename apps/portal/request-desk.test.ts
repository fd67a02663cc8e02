import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ContentRequestBody } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import type { Caller } from './caller.ts';
import { requestDesk } from './request-desk.ts';
import { contentShelf } from './shelf.ts';
import { FakeConfigurationServer, FakeMediaServer, hold } from './test/fake-parts.ts';

const tv: Caller = {
  endpointId: 'self::tv-home',
  role: 'appliance',
  flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 40000 } },
};
const other: Caller = { ...tv, endpointId: 'self::tv-other' };
const operator: Caller = { ...tv, endpointId: 'self::night', role: 'operator' };
const body: ContentRequestBody = {
  requestId: 'r1',
  contentId: 'film',
  localAddresses: [],
  localPorts: { video: 5000, 'video-rtcp': 5001, subtitles: 5002 },
  firstSpeaker: { video: 'appliance' },
};
const here = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function world(t: TestContext) {
  const said: string[] = [];
  const clock = new VirtualClock();
  const configuration = new FakeConfigurationServer(said);
  configuration.until = clock.now() + 10_000;
  const server = new FakeMediaServer(said);
  const ending = new AbortController();
  const parts = {
    portalId: 'self::portal-1',
    configuration,
    shelf: contentShelf([server], clock, 5_000, ending.signal),
    clock,
    log: silentLog,
    stopwatch: () => clock.now(),
    lifetime: ending.signal,
  };
  const desk = requestDesk(parts, [server]);
  t.after(() => {
    desk[Symbol.dispose]();
    ending.abort();
  });
  return { said, clock, configuration, server, desk };
}

test('the gateway holds before the server starts, and the server gets the global endpoints', async (t) => {
  const { said, server, desk } = world(t);
  const answer = await desk.take(tv, body, here);
  assert.equal(answer.kind, 'granted');
  assert.deepEqual(said, ['open r1', 'start s1']);
  assert.deepEqual(server.starts[0]?.streams, [
    { id: 'video', to: { address: '203.0.113.1', port: 16384 } },
    { id: 'video-rtcp', to: { address: '203.0.113.1', port: 16385 } },
    { id: 'subtitles', to: { address: '203.0.113.1', port: 16386 } },
  ]);
  assert.deepEqual(server.starts[0]?.firstSpeaker, { video: 'appliance' });
  if (answer.kind !== 'granted') return;
  assert.deepEqual(answer.value.streams[0], {
    id: 'video',
    streamType: 'rtp',
    payloadType: 96,
    remote: { address: '203.0.113.10', port: 7000 },
    global: { address: '203.0.113.1', port: 16384 },
    local: { address: '192.168.1.2', port: 5000 },
    protection: 'clear',
    clearBecause: 'the media server does not say that it is protected',
  });
  assert.deepEqual(
    answer.value.steps.map(({ step }) => step),
    ['request', 'gateway-configured', 'media-started'],
  );
});

test('asking twice gives one session and one answer, at once and later', async (t) => {
  const { said, desk } = world(t);
  const [first, second] = await Promise.all([desk.take(tv, body, here), desk.take(tv, body, here)]);
  const third = await desk.take(tv, body, here);
  assert.equal(first.kind, 'granted');
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
  assert.deepEqual(said, ['open r1', 'start s1']);
});

test('an id used for something else conflicts; another appliance may use the same', async (t) => {
  const { desk } = world(t);
  await desk.take(tv, body, here);
  const changed = { ...body, localPorts: { ...body.localPorts, video: 6000 } };
  const conflict = await desk.take(tv, changed, here);
  assert.equal(conflict.kind === 'refused' && conflict.refusal.code, 'request-conflict');
  assert.equal((await desk.take(other, changed, here)).kind, 'granted');
});

test('a media server that does not start closes the home again', async (t) => {
  const { said, server, desk } = world(t);
  server.refusal = refuse('media-not-started', 'no answer');
  const verdict = await desk.take(tv, body, here);
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'media-not-started');
  assert.deepEqual(said, ['open r1', 'start s1', 'close s1 media-not-started', 'stop s1']);
  server.refusal = undefined;
  const again = await desk.take(tv, body, here);
  assert.equal(again.kind === 'refused' && again.refusal.code, 'media-not-started', 'one verdict for one request id');
});

test('a close that fails is tried again until it holds', async (t) => {
  const { said, clock, configuration, server, desk } = world(t);
  server.refusal = refuse('media-not-started', 'no answer');
  configuration.closeFails = 2;
  await desk.take(tv, body, here);
  assert.equal(configuration.sessions.get('s1')?.state, 'open');
  await clock.pass(60_000);
  assert.equal(configuration.sessions.get('s1')?.state, 'closed');
  assert.equal(said.filter((line) => line.startsWith('close')).length, 3);
});

test('a refusal of the configuration server is the verdict, and nothing is started', async (t) => {
  const { said, configuration, desk } = world(t);
  configuration.refusal = refuse('gateway-offline', 'the gateway is offline');
  const verdict = await desk.take(tv, body, here);
  assert.deepEqual(verdict, { kind: 'refused', refusal: configuration.refusal });
  assert.deepEqual(said, ['open r1']);
});

test('a session whose answer was lost is found and closed', async (t) => {
  const { said, clock, configuration, desk } = world(t);
  configuration.lostAnswers = 1;
  const verdict = await desk.take(tv, body, here);
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'timeout');
  assert.equal(configuration.sessions.get('s1')?.state, 'open');
  await clock.pass(1_000);
  assert.equal(configuration.sessions.get('s1')?.state, 'closed');
  assert.ok(!said.some((line) => line.startsWith('start')));
});

for (const moment of ['while the gateway is configured', 'while the server starts', 'before it read the answer']) {
  test(`an appliance that goes away ${moment} leaves nothing open`, async (t) => {
    const { said, configuration, server, desk } = world(t);
    const gone = new AbortController();
    const open = hold();
    const start = hold();
    configuration.holdOpen = open;
    server.holdStart = start;
    const verdict = desk.take(tv, body, gone.signal);
    await turn();
    if (moment === 'while the gateway is configured') gone.abort();
    open.release();
    await turn();
    if (moment === 'while the server starts') gone.abort();
    start.release();
    await verdict;
    gone.abort();
    await turn();
    assert.equal(configuration.sessions.get('s1')?.state, 'closed');
    assert.deepEqual(
      said.filter((line) => line.startsWith('close')),
      ['close s1 appliance-left'],
    );
    assert.equal(said.includes('start s1'), said.includes('stop s1'));
  });
}

test('one of two askers going away changes nothing for the other', async (t) => {
  const { said, configuration, desk } = world(t);
  const open = hold();
  configuration.holdOpen = open;
  const gone = new AbortController();
  const first = desk.take(tv, body, gone.signal);
  const second = desk.take(tv, body, here);
  await turn();
  gone.abort();
  open.release();
  assert.equal((await first).kind, 'granted');
  assert.equal((await second).kind, 'granted');
  assert.deepEqual(said, ['open r1', 'start s1']);
});

test('leaving closes the gateway before the server stops, and tells what was sent', async (t) => {
  const { said, desk } = world(t);
  await desk.take(tv, body, here);
  const view = await desk.leave(tv, 's1', 'appliance-left', here);
  assert.deepEqual(said.slice(2), ['close s1 appliance-left', 'stop s1']);
  assert.equal(view.kind, 'granted');
  if (view.kind === 'granted') {
    assert.equal(view.value.state, 'closed');
    assert.equal(view.value.media?.streams[0]?.packetsSent, 7);
  }
  const late = await desk.take(tv, body, here);
  assert.equal(late.kind === 'refused' && late.refusal.code, 'request-conflict');
});

test("another appliance's session is not there; an operator revokes it", async (t) => {
  const { said, desk } = world(t);
  await desk.take(tv, body, here);
  const looked = await desk.look(other, 's1', here);
  assert.equal(looked.kind === 'refused' && looked.refusal.code, 'session-unknown');
  const left = await desk.leave(other, 's1', 'appliance-left', here);
  assert.equal(left.kind === 'refused' && left.refusal.code, 'session-unknown');
  assert.equal((await desk.leave(operator, 's1', 'appliance-left', here)).kind, 'granted');
  assert.ok(said.includes('close s1 revoked'));
});

test('a session that ended elsewhere has its server stopped when its lease is over', async (t) => {
  const { said, clock, configuration, desk } = world(t);
  await desk.take(tv, body, here);
  const session = configuration.sessions.get('s1');
  assert.ok(session);
  configuration.sessions.set('s1', { ...session, until: clock.now() + 30_000 });
  await clock.pass(20_000);
  assert.ok(!said.includes('stop s1'), 'it was renewed');
  configuration.sessions.set('s1', { ...session, state: 'closed', closeReason: 'revoked' });
  await clock.pass(20_000);
  assert.ok(said.includes('stop s1'));
});

test('ports: each stream needs its own', async (t) => {
  const { said, desk } = world(t);
  const cases: [Partial<ContentRequestBody>, string, string | undefined][] = [
    [{ localPorts: { video: 5000, 'video-rtcp': 5001 } }, 'port-invalid', 'subtitles'],
    [{ localPorts: { video: 5000, 'video-rtcp': 5000, subtitles: 5002 } }, 'port-invalid', 'video-rtcp'],
    [{ localPorts: { ...body.localPorts, sound: 5003 } }, 'malformed', 'sound'],
    [{ firstSpeaker: { sound: 'server' } }, 'malformed', 'sound'],
    [{ contentId: 'nothing' }, 'content-unknown', 'nothing'],
  ];
  for (const [index, [change, code, subject]] of cases.entries()) {
    const verdict = await desk.take(tv, { ...body, requestId: `bad${index}`, ...change }, here);
    assert.equal(verdict.kind, 'refused');
    if (verdict.kind === 'refused') assert.deepEqual([verdict.refusal.code, verdict.refusal.subject], [code, subject]);
  }
  const shared = { ...body.localPorts, subtitles: 5000 };
  assert.equal(
    (await desk.take(tv, { ...body, localPorts: shared }, here)).kind,
    'granted',
    'TCP and UDP ports differ',
  );
  assert.deepEqual(said, ['open r1', 'start s1']);
});

test('the person is asked from a list where the gateway cannot be found, until they answer, and only then', async (t) => {
  const { configuration, desk } = world(t);
  const choices = ['igd', 'pcp', 'nat-pmp', 'unknown'];
  let number = 0;
  const asks = async (more: Partial<ContentRequestBody> = {}, caller = tv) => {
    const answer = await desk.take(caller, { ...body, requestId: `p${++number}`, ...more }, here);
    return answer.kind === 'refused' ? answer.refusal.choices : assert.fail('granted');
  };
  configuration.refusal = refuse('gateway-offline', 'it is off');
  assert.equal(await asks(), undefined);
  configuration.refusal = refuse('gateway-not-found', 'nobody answers');
  assert.deepEqual(await asks(), choices);
  assert.deepEqual(await asks(), choices, 'who said nothing is asked again');
  assert.equal(await asks({ gatewayType: 'unknown' }), undefined);
  assert.equal(await asks(), undefined, 'who does not know is asked once');
  assert.deepEqual(await asks({}, other), choices, 'another home is another matter');
  assert.deepEqual(
    configuration.requests.map(({ gatewayType }) => gatewayType),
    Array.from({ length: number }, () => undefined),
    'that nobody knows is told to nobody',
  );
  await asks({ gatewayType: 'pcp' });
  assert.equal(configuration.requests.at(-1)?.gatewayType, 'pcp');
});
