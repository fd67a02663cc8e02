import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimelineEntry } from '@sluice/model';
import { addStep } from './timeline.ts';

const told = (entries: readonly TimelineEntry[]) =>
  entries.reduce<readonly TimelineEntry[]>((timeline, entry) => addStep(timeline, entry), []);

test('renewals in a row are one entry that counts', () => {
  const timeline = told([
    { at: 1, step: 'opened' },
    { at: 2, step: 'renewed', detail: 'until 10' },
    { at: 3, step: 'renewed', detail: 'until 20' },
    { at: 4, step: 'renewed', detail: 'until 30' },
    { at: 5, step: 'closing' },
    { at: 6, step: 'closing' },
  ]);
  assert.deepEqual(timeline, [
    { at: 1, step: 'opened' },
    { at: 4, step: 'renewed', detail: '3 times, until 30' },
    { at: 5, step: 'closing' },
    { at: 6, step: 'closing' },
  ]);
});

test('a timeline that is full keeps its beginning and its end', () => {
  const timeline = told(Array.from({ length: 1_000 }, (_, at) => ({ at, step: `step ${at}` })));
  assert.equal(timeline.length, 200);
  assert.equal(timeline[0]?.at, 0);
  assert.equal(timeline[99]?.at, 99);
  assert.equal(timeline.at(-1)?.at, 999);
  assert.deepEqual(
    timeline,
    timeline.toSorted((a, b) => a.at - b.at),
  );
});
