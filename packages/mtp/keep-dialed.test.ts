import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import { connectionPair, keepDialed, redialWaitMs, standardRedial, type UspConnection } from './index.ts';

test('waits follow TR-369 R-WS.19 and stop growing at the tenth', () => {
  const bounds = (n: number) => [redialWaitMs(n, standardRedial, 0), redialWaitMs(n, standardRedial, 0.999999)];
  assert.deepEqual(bounds(1).map(Math.round), [5_000, 10_000]);
  assert.deepEqual(bounds(2).map(Math.round), [10_000, 20_000]);
  assert.deepEqual(
    bounds(10).map((ms) => Math.round(ms / 1000)),
    [2_560, 5_120],
  );
  assert.deepEqual(bounds(11), bounds(10));
});

test('dials again after failures and ends, and starts counting anew after a success', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const script: ('fail' | 'connect')[] = ['fail', 'fail', 'connect', 'fail', 'connect'];
  const dialledAt: number[] = [];
  const up: UspConnection[] = [];
  const begin = clock.now();
  const kept = keepDialed(
    {
      async dial() {
        dialledAt.push(clock.now() - begin);
        if (script.shift() !== 'connect') throw new Error('unreachable');
        return connectionPair('self::a', 'self::b')[0];
      },
      policy: { minimumWaitMs: 1000, multiplier: 2000 },
      clock,
      log: silentLog,
      onConnection: (connection) => up.push(connection),
      random: () => 0,
    },
    stop.signal,
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  await clock.pass(3000);
  await settle();
  assert.deepEqual(dialledAt, [0, 1000, 3000]);
  assert.equal(up.length, 1);
  up[0]?.close();
  await settle();
  await clock.pass(3000);
  await settle();
  assert.deepEqual(dialledAt, [0, 1000, 3000, 4000, 6000]);
  assert.equal(up.length, 2);
  stop.abort();
  await kept;
  assert.equal((await up[1]?.closed)?.code, 1000);
});

test('aborted while waiting, it ends without dialling again', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  let dialled = 0;
  const kept = keepDialed(
    {
      async dial() {
        dialled++;
        throw new Error('unreachable');
      },
      policy: standardRedial,
      clock,
      log: silentLog,
      onConnection: () => assert.fail('no connection'),
    },
    stop.signal,
  );
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await kept;
  await clock.pass(60_000);
  assert.equal(dialled, 1);
});
