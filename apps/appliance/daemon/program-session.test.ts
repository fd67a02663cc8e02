import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, ContentAnswer, RequestView } from '@sluice/api';
import { VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import type { Portal } from '../portal.ts';
import { ProgramSession, type SessionEvent } from './program-session.ts';

/** A session that a portal says of what a test lets it. */
function session(clock = new VirtualClock()) {
  const base = { sessionId: 's1', contentId: 'film' };
  const answers: Answer<RequestView>[] = [];
  const looked: number[] = [];
  const portal = {
    async look() {
      looked.push(clock.now());
      return answers.shift() ?? assert.fail('nothing to answer');
    },
    async leave() {
      return { kind: 'granted', value: { ...base, state: 'closed', closeReason: 'appliance-left', until: 0 } };
    },
  } as unknown as Portal;
  const start = clock.now();
  const answer: ContentAnswer = { ...base, until: start + 60_000, streams: [], steps: [], keys: undefined };
  const one = new ProgramSession(answer, { uid: 1000, portal, clock });
  const events: SessionEvent[] = [];
  one.watch((event) => events.push(event));
  const view = (state: RequestView['state'], until: number, closeReason?: string): Answer<RequestView> => ({
    kind: 'granted',
    value: { ...base, state, until: start + until, ...(closeReason && { closeReason }) },
  });
  const pass = async (ms: number) => {
    await clock.pass(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { one, answers, looked, events, view, pass, start };
}

test('it is looked at when its lease would end, and tells how long it goes on, and why it ended', async () => {
  const { one, answers, looked, events, view, pass, start } = session();
  answers.push(view('open', 120_000), view('closed', 120_000, 'revoked'));
  await pass(59_999);
  assert.deepEqual(looked, []);
  await pass(1);
  await pass(60_000);
  assert.deepEqual(
    looked.map((at) => at - start),
    [60_000, 120_000],
  );
  assert.deepEqual(events.slice(1), [
    { event: 'until', until: start + 120_000 },
    { event: 'closed', reason: 'revoked' },
  ]);
  await one.over;
  assert.deepEqual([one.view().state, one.view().reason], ['closed', 'revoked']);
  const late: SessionEvent[] = [];
  one.watch((event) => late.push(event));
  assert.deepEqual(
    late.map(({ event }) => event),
    ['open', 'closed'],
  );
});

test('a portal that does not answer is asked again, and one that knows nothing of it is believed', async () => {
  const { answers, events, pass } = session();
  answers.push({ kind: 'refused', refusal: refuse('part-unreachable', 'no') });
  answers.push({ kind: 'refused', refusal: refuse('session-unknown', 'no') });
  await pass(60_000);
  await pass(5_000);
  assert.deepEqual(events.slice(1), [
    { event: 'unknown', reason: 'no' },
    { event: 'closed', reason: 'session-unknown' },
  ]);
});

test('a lease that a wrong clock has ended is not looked at without end', async () => {
  const { answers, looked, view, pass, start } = session();
  answers.push(view('open', 60_000), view('open', 60_000), view('closed', 60_000));
  for (const ms of [60_000, 999, 1, 1_000]) await pass(ms);
  assert.deepEqual(
    looked.map((at) => at - start),
    [60_000, 61_000, 62_000],
  );
});

test('leaving ends it, once, and nothing is looked at any more', async () => {
  const { one, looked, events, pass } = session();
  const [first, second] = await Promise.all([one.leave(), one.leave()]);
  assert.equal(first, second);
  assert.deepEqual(events.slice(1), [{ event: 'closed', reason: 'appliance-left' }]);
  await pass(120_000);
  assert.deepEqual(looked, []);
});
