import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBuckets } from './token-buckets.ts';

test('a burst at once, then so many a second; how long to wait is told to the millisecond', () => {
  const buckets = new TokenBuckets({ burst: 3, perSecond: 2 });
  assert.deepEqual(
    [0, 0, 0, 0, 0].map((now) => buckets.take('a', now)),
    [0, 0, 0, 500, 500],
  );
  assert.equal(buckets.take('b', 0), 0);
  assert.equal(buckets.take('a', 499), 1);
  assert.equal(buckets.take('a', 500), 0);
  assert.equal(buckets.wait('a', 500), 500);
  assert.equal(buckets.wait('a', 60_000), 0);
  assert.deepEqual(
    [0, 0, 0, 0].map(() => buckets.take('a', 60_000)),
    [0, 0, 0, 500],
  );
});

test('to look takes nothing, and what is given back may be taken again', () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.1 });
  assert.equal(buckets.wait('a', 0), 0);
  assert.equal(buckets.size, 0);
  assert.equal(buckets.take('a', 0), 0);
  buckets.giveBack('a', 0);
  buckets.giveBack('a', 0);
  assert.equal(buckets.take('a', 0), 0);
  assert.equal(buckets.take('a', 0), 10_000);
});

test('a clock that is set back neither refills nor empties', () => {
  const buckets = new TokenBuckets({ burst: 2, perSecond: 1 });
  buckets.take('a', 10_000);
  buckets.take('a', 10_000);
  assert.equal(buckets.take('a', 0), 1_000);
});

test('whoever acts when, it is never more than the burst and the rate in any stretch of time', () => {
  const acts = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), afterMs: fc.nat(3_000) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10 }), (all, burst, perSecond) => {
      const buckets = new TokenBuckets({ burst, perSecond });
      const done: Record<string, number[]> = { a: [], b: [], c: [] };
      let now = 0;
      for (const { name, afterMs } of all) {
        now += afterMs;
        const waitMs = buckets.take(name, now);
        if (waitMs === 0) done[name]?.push(now);
        else assert.ok(buckets.wait(name, now + waitMs) === 0 && buckets.wait(name, now + waitMs - 1) > 0);
      }
      for (const times of Object.values(done))
        for (const [first, from] of times.entries())
          for (let last = first; last < times.length; last++) {
            const most = burst + (((times[last] ?? 0) - from) * perSecond) / 1_000;
            assert.ok(last - first + 1 <= most + 1e-3);
          }
    }),
  );
});

test('a flood of names takes no more memory than a few, and who was quiet is forgotten', () => {
  const buckets = new TokenBuckets({ burst: 2, perSecond: 1 }, 100);
  for (let n = 0; n < 10_000; n++) {
    buckets.take(`n${n}`, 0);
    assert.ok(buckets.size <= 100);
  }
  buckets.take('last', 60_000);
  assert.equal(buckets.size, 1);
});
