import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import fc from 'fast-check';
import { type Paced, Pacer } from './pacer.ts';

/** Sends at given moments, and keeps when each was sent. */
class Script implements Paced {
  readonly sent: number[] = [];
  readonly #due: readonly number[];

  constructor(due: readonly number[]) {
    this.#due = due;
  }

  get dueMs(): number | undefined {
    return this.#due[this.sent.length];
  }

  send(nowMs: number): void {
    this.sent.push(nowMs);
  }
}

test('what is due already is sent at once, the rest at the tick after it is due', async () => {
  const clock = new VirtualClock(0);
  const pacer = new Pacer(clock);
  const script = new Script([0, 0, 1, 5, 12, 100]);
  pacer.add(script);
  assert.deepEqual(script.sent, [0, 0]);
  await clock.pass(1000);
  assert.deepEqual(script.sent, [0, 0, 5, 5, 15, 100]);
});

test('everything is sent at most a tick late, in any number of streams, and never early', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 12 }), {
        maxLength: 12,
      }),
      async (streams) => {
        const clock = new VirtualClock(0);
        const pacer = new Pacer(clock);
        const scripts = streams.map((due) => {
          const sorted = [...due].sort((a, b) => a - b);
          const script = new Script(sorted);
          pacer.add(script);
          return { script, sorted };
        });
        await clock.pass(300);
        for (const { script, sorted } of scripts) {
          assert.equal(script.sent.length, sorted.length);
          for (const [index, due] of sorted.entries()) {
            const late = (script.sent[index] ?? 0) - due;
            assert.ok(late >= 0 && late < 5.001, `${late} ms late`);
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('delays do not add up: an hour of packets ends on time', async () => {
  const clock = new VirtualClock(0.25);
  const pacer = new Pacer(clock);
  const script = new Script(Array.from({ length: 3600 }, (_, index) => 0.25 + index * 1000.1));
  pacer.add(script);
  await clock.pass(3_601_000);
  const last = script.sent.at(-1) ?? 0;
  // A tick, and the millisecond that timers are rounded up to.
  assert.ok(last - (0.25 + 3599 * 1000.1) < 6);
});

test('after a pause each stream catches up in small bursts, tick by tick', async () => {
  const clock = new VirtualClock(0);
  const pacer = new Pacer(clock);
  const script = new Script([0, ...new Array<number>(40).fill(1)]);
  pacer.add(script);
  await clock.pass(20);
  const counts = [5, 10, 15].map((at) => script.sent.filter((sent) => sent === at).length);
  assert.deepEqual(counts, [16, 16, 8]);
});

test('what was taken out is sent no more, and nothing keeps the timer alive', async () => {
  const clock = new VirtualClock(0);
  const pacer = new Pacer(clock);
  const script = new Script([10, 20, 30]);
  const other = new Script([10, 20, 30]);
  const cancel = pacer.add(script);
  pacer.add(other);
  await clock.pass(15);
  cancel();
  await clock.pass(100);
  assert.deepEqual(script.sent, [10]);
  assert.deepEqual(other.sent, [10, 20, 30]);
});
