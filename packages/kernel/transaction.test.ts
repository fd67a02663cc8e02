import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adding, judge, removing, type Step } from './transaction.ts';

const elements = [
  { set: 'in4_sap', key: Buffer.alloc(20) },
  { set: 'live', key: Buffer.alloc(4) },
];
const added = adding('t', { list: 'add', index: 3 }, elements);
const removed = removing('t', { list: 'remove', index: 1 }, elements);
const renewed = [
  ...removing('t', { list: 'renew', index: 2 }, elements),
  ...adding('t', { list: 'renew', index: 2 }, elements),
];
const steps: Step[] = [...removed, ...renewed, ...added];

/** errnos of all steps: 0 but for those named. */
const codes = (...failed: (readonly [Step | undefined, number])[]) =>
  steps.map((step) => failed.find(([other]) => other === step)?.[1] ?? 0);

test('nothing refused is well', () => {
  assert.equal(judge(steps, codes()), undefined);
});

test('what a refusal means depends on what was asked', () => {
  const failure = (reason: string, errno: number, list: string, index: number) => ({
    kind: 'failed',
    failure: { reason, errno, at: { list, index } },
  });
  assert.deepEqual(judge(steps, codes([added[0], 17])), failure('exists', 17, 'add', 3));
  assert.deepEqual(judge(steps, codes([renewed[1], 2])), failure('missing', 2, 'renew', 2));
  assert.deepEqual(judge(steps, codes([added[0], 12])), failure('resources', 12, 'add', 3));
  assert.deepEqual(judge(steps, codes([added[1], 2])), failure('refused', 2, 'add', 3));
  assert.deepEqual(judge(steps, codes([removed[0], 1])), failure('refused', 1, 'remove', 1));
});

test('what had run out already is left out, and a number in use is changed', () => {
  assert.deepEqual(judge(steps, codes([removed[1], 2])), { kind: 'without', steps: new Set([removed[1]]) });
  assert.deepEqual(judge(steps, codes([added[1], 17])), { kind: 'renumber' });
});

test('a real refusal comes before what can be tried again, the first of several', () => {
  const verdict = judge(steps, codes([removed[0], 2], [added[1], 17], [added[0], 17], [renewed[0], 2]));
  assert.deepEqual(verdict, {
    kind: 'failed',
    failure: { reason: 'missing', errno: 2, at: { list: 'renew', index: 2 } },
  });
});
