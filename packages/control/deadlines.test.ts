import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { Clock } from '@sluice/model';
import fc from 'fast-check';
import { Deadlines } from './deadlines.ts';

test('what falls due runs in the order of time, once, unless replaced or dropped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.nat(15), in: fc.nat(1_000), drop: fc.boolean() }), { maxLength: 60 }),
      async (orders) => {
        const clock = new VirtualClock(0);
        using deadlines = new Deadlines(clock);
        const expected = new Map<string, number>();
        const rung: { key: string; at: number; now: number }[] = [];
        for (const order of orders) {
          const key = String(order.key);
          if (order.drop) {
            deadlines.drop(key);
            expected.delete(key);
          } else {
            deadlines.set(key, order.in, () => rung.push({ key, at: order.in, now: clock.now() }));
            expected.set(key, order.in);
          }
        }
        assert.equal(deadlines.size, expected.size);
        await clock.pass(1_000);
        assert.deepEqual(
          new Map(rung.map(({ key, at }) => [key, at])),
          new Map([...expected].toSorted((a, b) => a[1] - b[1])),
        );
        assert.equal(rung.length, expected.size);
        for (const { at, now } of rung) assert.equal(now, at);
        assert.deepEqual(
          rung.map(({ at }) => at),
          rung.map(({ at }) => at).toSorted((a, b) => a - b),
        );
      },
    ),
  );
});

test('one timer serves them all', () => {
  const virtual = new VirtualClock(0);
  let waiting = 0;
  const clock: Clock = {
    now: () => virtual.now(),
    after(ms, act) {
      waiting++;
      const cancel = virtual.after(ms, act);
      return () => {
        waiting--;
        cancel();
      };
    },
  };
  const deadlines = new Deadlines(clock);
  for (let i = 0; i < 1_000; i++) deadlines.set(`key ${i}`, 10_000 - i, () => undefined);
  assert.equal(waiting, 1);
  deadlines[Symbol.dispose]();
  assert.equal(waiting, 0);
});

test('what is set while ringing is kept', async () => {
  const clock = new VirtualClock(0);
  using deadlines = new Deadlines(clock);
  const rung: number[] = [];
  const again = () => {
    rung.push(clock.now());
    if (rung.length < 5) deadlines.set('again', clock.now() + 10, again);
  };
  deadlines.set('again', 10, again);
  await clock.pass(1_000);
  assert.deepEqual(rung, [10, 20, 30, 40, 50]);
});

test('what is set after the end is not waited for', async () => {
  const clock = new VirtualClock(0);
  const deadlines = new Deadlines(clock);
  deadlines[Symbol.dispose]();
  deadlines.set('late', 10, () => assert.fail('it came back'));
  await clock.pass(1_000);
  assert.equal(deadlines.size, 0);
});
