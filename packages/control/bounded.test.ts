import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { bounded, limited, TimedOut, waitFor } from './bounded.ts';

const forever = new Promise<never>(() => undefined);

test('a wait ends in time, or with a signal, also when nobody heeds it', async () => {
  const clock = new VirtualClock(0);
  const slow = bounded(clock, 100, [], () => forever);
  const check = assert.rejects(slow, TimedOut);
  await clock.pass(100);
  await check;
  const leave = new AbortController();
  const left = bounded(clock, 100, [new AbortController().signal, leave.signal], () => forever);
  leave.abort(new Error('left'));
  await assert.rejects(left, /left/);
  await assert.rejects(
    bounded(clock, 100, [leave.signal], () => Promise.resolve(1)),
    /left/,
    'begun too late',
  );
});

test('an answer and an error come through, and nothing is waited for afterwards', async () => {
  const clock = new VirtualClock(0);
  const signal = new AbortController().signal;
  let ended = false;
  const act = async (end: AbortSignal) => {
    end.addEventListener('abort', () => {
      ended = true;
    });
    return 7;
  };
  assert.equal(await bounded(clock, 100, [signal], act), 7);
  await assert.rejects(
    bounded(clock, 100, [signal], () => {
      throw new Error('at once');
    }),
    /at once/,
  );
  await clock.pass(1_000);
  assert.equal(ended, false);
});

test('what is limited is waited for until it has wound up', async () => {
  const clock = new VirtualClock(0);
  const wound = limited(clock, 100, [], async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return signal.reason;
  });
  await clock.pass(100);
  assert.ok((await wound) instanceof TimedOut);
});

test('one of several waiters may leave', async () => {
  const leave = new AbortController();
  const work = Promise.resolve(1);
  const left = waitFor(leave.signal, () => forever);
  leave.abort(new Error('left'));
  await assert.rejects(left, /left/);
  assert.equal(await waitFor(new AbortController().signal, () => work), 1);
});
