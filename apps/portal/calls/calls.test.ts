import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MeetingBody } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import type { Caller } from '../caller.ts';
import { contentShelf } from '../shelf.ts';
import { FakeCalls } from '../test/fake-calls.ts';
import { FakeConfigurationServer } from '../test/fake-parts.ts';
import { CallKeeping } from './keeping.ts';
import { Meetings } from './meetings.ts';

const alice = at('self::alice', '203.0.113.1');
const bob = at('self::bob', '203.0.113.2');
const carol = at('self::carol', '203.0.113.3');
const here = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function at(endpointId: string, address: string): Caller {
  const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed: { address, port: 40_000 } };
  return { endpointId, role: 'appliance', flow };
}

function asks(other: Caller, parts: Partial<MeetingBody> = {}): MeetingBody {
  return {
    requestId: crypto.randomUUID(),
    callId: 'hello',
    with: other.endpointId,
    localAddresses: ['192.168.1.2'],
    streams: [{ id: 'audio', streamType: 'rtp', localPort: 4000 }],
    ...parts,
  };
}

function world(t: TestContext) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const configuration = new FakeConfigurationServer(said);
  configuration.until = clock.now() + 60_000;
  const calls = new FakeCalls(configuration);
  const ending = new AbortController();
  const parts = {
    ...{ portalId: 'self::portal-1', configuration, calls, clock, log: silentLog, stopwatch: () => clock.now() },
    shelf: contentShelf([], clock, 5_000, ending.signal),
    lifetime: ending.signal,
  };
  const keeping = new CallKeeping(parts);
  const meetings = new Meetings(parts, (met) => keeping.add(met));
  t.after(() => {
    keeping[Symbol.dispose]();
    ending.abort();
  });
  const meet = () =>
    Promise.all([
      meetings.take(alice, asks(bob), here),
      meetings.take(bob, asks(alice, { streams: [{ id: 'audio', streamType: 'rtp', localPort: 6000 }] }), here),
    ]);
  const heard: string[] = [];
  const listen = (who: Caller) =>
    keeping.listen('c', who.endpointId, { end: (reason) => heard.push(`${who.endpointId}: ${reason}`) });
  return { clock, said, configuration, calls, keeping, meetings, meet, heard, listen };
}

test('each is told where the other lets it in, and where it is let in itself', async (t) => {
  const { meet, calls } = world(t);
  const [one, two] = await meet();
  assert.ok(one.kind === 'granted' && two.kind === 'granted');
  const [mine] = one.value.streams;
  assert.deepEqual(mine?.remote, { address: '203.0.113.2', port: 20_001 });
  assert.deepEqual(mine?.global, { address: '203.0.113.1', port: 20_000 });
  assert.deepEqual(two.value.streams[0]?.remote, mine?.global);
  assert.deepEqual(
    [calls.calls[0]?.caller.applianceId, calls.calls[0]?.callee.applianceId],
    ['self::alice', 'self::bob'],
  );
});

test('in one home each is told the other one’s local address, and no gateway is asked', async (t) => {
  const { meet, calls } = world(t);
  calls.way = 'direct';
  const [one] = await meet();
  assert.ok(one.kind === 'granted');
  assert.deepEqual(one.value.streams[0]?.remote, { address: '192.168.1.2', port: 6000 });
  assert.deepEqual([one.value.sessionId, calls.calls], [undefined, []]);
});

test('only who is named is met, and nobody waits for long', async (t) => {
  const { meetings, clock, calls } = world(t);
  const lone = meetings.take(alice, asks(bob), here);
  const stranger = meetings.take(carol, asks(alice), here);
  const elsewhere = meetings.take(bob, asks(alice, { callId: 'other' }), here);
  await clock.pass(20_000);
  for (const answer of await Promise.all([lone, stranger, elsewhere]))
    assert.equal(answer.kind === 'refused' && answer.refusal.code, 'timeout');
  assert.deepEqual(calls.calls, []);
  const self = await meetings.take(alice, asks(alice), here);
  assert.equal(self.kind === 'refused' && self.refusal.code, 'malformed');
  const forged = await meetings.take(alice, asks(bob, { consent: 'x' }), here);
  assert.equal(forged.kind === 'refused' && forged.refusal.code, 'consent-invalid');
});

test('who went away is met by nobody', async (t) => {
  const { meetings, clock, calls } = world(t);
  const gone = new AbortController();
  const left = meetings.take(alice, asks(bob), gone.signal);
  gone.abort();
  const late = meetings.take(bob, asks(alice), here);
  await clock.pass(20_000);
  assert.equal((await left).kind, 'refused');
  assert.equal((await late).kind, 'refused');
  assert.deepEqual(calls.calls, []);
});

test('a refusal is told to both', async (t) => {
  const { meet, calls } = world(t);
  calls.refusal = refuse('paused', 'the household paused its gateway');
  const answers = await meet();
  assert.deepEqual(
    answers.map((answer) => answer.kind === 'refused' && answer.refusal.code),
    ['paused', 'paused'],
  );
});

test('a call is kept while both listen; a connection that breaks may be made again in time', async (t) => {
  const { meet, clock, said, listen, heard } = world(t);
  await meet();
  const first = listen(alice);
  listen(bob);
  await clock.pass(30_000);
  first?.[Symbol.dispose]();
  await clock.pass(9_000);
  const again = listen(alice);
  await clock.pass(30_000);
  assert.deepEqual(said, []);
  again?.[Symbol.dispose]();
  await clock.pass(10_000);
  assert.deepEqual(said, ['close c appliance-left']);
  assert.deepEqual(heard, ['self::bob: self::alice is gone']);
});

test('a party that never listens takes the call with it', async (t) => {
  const { meet, clock, said, listen } = world(t);
  await meet();
  listen(alice);
  await clock.pass(10_000);
  assert.deepEqual(said, ['close c appliance-left']);
});

test('whoever hangs up closes both homes, and nobody else can', async (t) => {
  const { meet, keeping, said, listen, heard } = world(t);
  await meet();
  listen(alice);
  listen(bob);
  assert.equal(keeping.listen('c', 'self::carol', { end() {} }), undefined);
  assert.equal(await keeping.hangUp('c', 'self::carol'), false);
  assert.deepEqual(said, []);
  assert.equal(await keeping.hangUp('c', 'self::bob'), true);
  assert.deepEqual(said, ['close c appliance-left']);
  assert.deepEqual(heard, ['self::alice: self::bob hung up', 'self::bob: self::bob hung up']);
  assert.equal(await keeping.hangUp('c', 'self::bob'), false);
});

test('what was closed elsewhere is over for both when its lease is', async (t) => {
  const { meet, clock, configuration, listen, heard } = world(t);
  await meet();
  listen(alice);
  listen(bob);
  const session = configuration.sessions.get('c') ?? assert.fail();
  configuration.sessions.set('c', { ...session, state: 'closed', closeReason: 'household' });
  await clock.pass(62_000);
  await turn();
  assert.deepEqual(heard, ['self::alice: household', 'self::bob: household']);
});
