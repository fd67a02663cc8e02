import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Turns } from './turns.ts';

const patient = new AbortController().signal;

test('who acts alone acts alone, everybody gets a turn, and who leaves holds nobody up', async () => {
  const turn = fc.record({ alone: fc.boolean(), steps: fc.nat(3), leaves: fc.boolean(), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 20 }), async (wanted) => {
      const turns = new Turns();
      let alone = 0;
      let together = 0;
      const work = wanted.map(async ({ alone: wantsAlone, steps, leaves, fails }) => {
        const leave = new AbortController();
        const act = async () => {
          if (wantsAlone) alone++;
          else together++;
          for (let i = 0; i <= steps; i++) {
            assert.ok(alone === 0 || (alone === 1 && together === 0), `${alone} alone beside ${together}`);
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (wantsAlone) alone--;
          else together--;
          if (fails) throw new Error('failed');
        };
        const turn = wantsAlone ? turns.alone(leave.signal, act) : turns.shared(leave.signal, act);
        if (leaves) leave.abort(new Error('left'));
        await turn.catch((error: Error) => assert.match(error.message, /^(left|failed)$/));
      });
      await Promise.all(work);
      assert.equal(await turns.alone(patient, async () => 'free'), 'free');
    }),
  );
});

test('those who may act together do, and one who waits to be alone is next', async () => {
  const turns = new Turns();
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const act =
    (name: string, wait: Promise<void> = Promise.resolve()) =>
    async () => {
      order.push(name);
      await wait;
    };
  const all = [
    turns.shared(patient, act('a', held)),
    turns.shared(patient, act('b', held)),
    turns.alone(patient, act('alone')),
    turns.shared(patient, act('c')),
    turns.shared(patient, act('d')),
  ];
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(order, ['a', 'b']);
  release();
  await Promise.all(all);
  assert.deepEqual(order, ['a', 'b', 'alone', 'c', 'd']);
});
