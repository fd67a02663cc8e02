import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

const forever = new AbortController().signal;

/** Whether a promise is settled when what waits for no time has happened. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setImmediate(() => resolve('later')));
  return (await Promise.race([promise.then(() => 'now'), later])) === 'now';
}

test('the same way at the same time, another way after it', async () => {
  const turns = new Turns<'dial' | 'listen'>();
  const first = await turns.take('listen', forever);
  const second = await turns.take('listen', forever);
  const dial = turns.take('dial', forever);
  assert.equal(await settled(dial), false);
  first();
  first();
  assert.equal(await settled(dial), false, 'the second still holds; giving back twice counts once');
  second();
  assert.equal(await settled(dial), true);
});

test('who came after somebody of another way waits behind them', async () => {
  const turns = new Turns<'dial' | 'listen'>();
  const listening = await turns.take('listen', forever);
  const dial = turns.take('dial', forever);
  const late = turns.take('listen', forever);
  assert.equal(await settled(late), false);
  listening();
  const dialling = await dial;
  assert.equal(await settled(late), false);
  dialling();
  assert.equal(await settled(late), true);
});

test('who waits no longer is passed over, and those behind them go on', async () => {
  const turns = new Turns<'dial' | 'listen'>();
  await turns.take('listen', forever);
  const leaving = new AbortController();
  const dial = turns.take('dial', leaving.signal);
  const late = turns.take('listen', forever);
  leaving.abort(new Error('left'));
  await assert.rejects(dial, /left/);
  assert.equal(await settled(late), true);
  await assert.rejects(turns.take('dial', leaving.signal), /left/);
});
