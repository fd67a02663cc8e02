import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { Sparing } from './sparing.ts';

test('so many in a stretch are noted for each who causes them, and the rest is counted', async () => {
  const clock = new VirtualClock();
  const sparing = new Sparing(clock, 3, 60_000);
  const asked = Array.from({ length: 10 }, () => sparing.ask('self::portal-1'));
  assert.deepEqual(asked.slice(0, 4), [
    { isNoted: true },
    { isNoted: true },
    { isNoted: true, moreOmitted: true },
    { isNoted: false },
  ]);
  assert.deepEqual(sparing.ask('self::portal-2'), { isNoted: true });
  await clock.pass(60_000);
  assert.deepEqual(sparing.ask('self::portal-1'), { isNoted: true, omitted: 7 });
});

test('however many there are who cause lines, memory is bounded', () => {
  const sparing = new Sparing(new VirtualClock(), 1, 60_000);
  for (let n = 0; n < 5_000; n++) sparing.ask(`self::portal-${n}`);
  assert.deepEqual(sparing.ask('self::portal-4999'), { isNoted: false });
  assert.deepEqual(sparing.ask('self::portal-0'), { isNoted: true });
});
