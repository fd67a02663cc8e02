import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Timetable } from './timetable.ts';

test('what is due comes out, earliest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 0, max: 50 }), (times, now) => {
      const timetable = new Timetable<number>();
      for (const at of times) timetable.put(at, at);
      const taken: number[] = [];
      for (let entry = timetable.take(now); entry !== undefined; entry = timetable.take(now)) taken.push(entry);
      const sorted = times.toSorted((a, b) => a - b);
      assert.deepEqual(
        taken,
        sorted.filter((at) => at <= now),
      );
      assert.equal(
        timetable.next,
        sorted.find((at) => at > now),
      );
    }),
  );
});
