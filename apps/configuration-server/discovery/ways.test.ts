import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Unreachable } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import type { Gateway, GatewayType, Prefix } from '@sluice/model';
import { type Behaviour, twinDrivers } from './test/twin-drivers.ts';
import { type Trial, tryWays } from './ways.ts';

const observed = '198.51.100.7';
const at: readonly Prefix[] = [{ address: observed, length: 32 }];
const way = (gatewayId: string, type: GatewayType, communication: Gateway['communication'] = {}): Gateway => ({
  ...{ gatewayId, type, communication },
  home: { homeId: 'house', at },
});

/** A trial under way; `passes` lets so much time pass and tells what it has come to. */
function trial(ways: readonly Gateway[], behaviours: Record<string, Behaviour> = {}, calledFrom?: string) {
  const clock = new VirtualClock();
  const twins = twinDrivers(clock, behaviours);
  const ending = new AbortController();
  let result: Trial | undefined;
  const asker = { applianceId: 'tv', observed };
  const ports = { drivers: twins.drivers, clock, calledFrom: () => calledFrom };
  void tryWays({ ways, at }, asker, ports, ending.signal).then((trial) => {
    result = trial;
  });
  return {
    ...twins,
    end: () => ending.abort(new Error('the server ends')),
    async passes(ms: number): Promise<Trial | undefined> {
      await setImmediate();
      if (ms > 0) await clock.pass(ms);
      await setImmediate();
      return result;
    },
  };
}
const outcomes = (trial: Trial | undefined) =>
  trial?.tried.map(({ gatewayId, outcome, ms }) => `${gatewayId} ${outcome} ${ms}`);

test('all ways are tried at once, and the one that keeps most is taken', async () => {
  const ways = [way('a', 'usp'), way('b', 'ssh-nft'), way('c', 'sluice')];
  const { passes, dialled, open } = trial(ways, { a: { after: 10 }, b: { after: 20 }, c: { after: 30 } });
  assert.equal(await passes(0), undefined);
  assert.deepEqual(dialled.toSorted(), ['a', 'b', 'c'], 'side by side');
  const done = await passes(30);
  assert.equal(done?.chosen?.gatewayId, 'c');
  assert.deepEqual(outcomes(done), ['c answered 30', 'b answered 20', 'a answered 10']);
  assert.equal(open.size, 0, 'nobody is spoken to any more');
});

test('where the best answers first, nobody else is waited for, and the others are given up', async () => {
  const { passes, givenUp, open } = trial([way('a', 'usp'), way('b', 'sluice')], { a: { after: 'never' } });
  const done = await passes(0);
  assert.equal(done?.chosen?.gatewayId, 'b');
  assert.deepEqual(outcomes(done), ['b answered 0', 'a late 0']);
  await setImmediate();
  assert.deepEqual([givenUp, open.size], [['a'], 0]);
});

test('a way that hangs delays the answer no longer than its bound, whether it heeds being given up or not', async () => {
  for (const after of ['never', 'deaf'] as const) {
    const hung = trial([way('a', 'usp'), way('b', 'sluice')], { a: { after: 100 }, b: { after } });
    assert.equal(await hung.passes(599), undefined, 'a better one is waited for');
    const done = await hung.passes(1);
    assert.equal(done?.chosen?.gatewayId, 'a');
    assert.deepEqual(outcomes(done), ['b late 600', 'a answered 100']);
    assert.deepEqual(hung.givenUp, after === 'never' ? ['b'] : []);
    // What comes too late is left as well.
    hung.wake('b');
    await setImmediate();
    assert.equal(hung.open.size, 0);
    const alone = trial([way('b', 'sluice')], { b: { after } });
    assert.equal(await alone.passes(2_999), undefined);
    const vain = await alone.passes(1);
    assert.deepEqual([vain?.chosen, outcomes(vain)], [undefined, ['b late 3000']]);
  }
});

test('a way that fails, or leads elsewhere, is not taken, and it is told why', async () => {
  const ways = [way('a', 'sluice'), way('b', 'ssh-nft'), way('c', 'usp'), way('d', 'pcp')];
  const { passes } = trial(ways, {
    a: { answer: ['203.0.113.9'] },
    b: { answer: new Unreachable('nobody answers') },
  });
  const done = await passes(0);
  assert.equal(done?.chosen?.gatewayId, 'c');
  assert.deepEqual(
    done?.tried.map(({ gatewayId, outcome, why }) => [gatewayId, outcome, why]),
    [
      ['a', 'elsewhere', 'its address is 203.0.113.9, and the request came from 198.51.100.7'],
      ['b', 'failed', 'nobody answers'],
      ['c', 'answered', undefined],
      ['d', 'failed', 'nobody here speaks pcp'],
    ],
  );
  // Behind another gateway, or of the other family alone, its addresses tell nothing.
  for (const [gateway, answer] of [
    [{ ...way('a', 'sluice'), behind: 'outer' }, ['10.0.0.2']],
    [way('a', 'sluice'), ['2001:db8::1']],
  ] as const)
    assert.equal((await trial([gateway], { a: { answer } }).passes(0))?.chosen?.gatewayId, 'a');
});

test('a device that would be woken at an address that nobody registered is not tried', async () => {
  const url = { connectionRequestUrl: `http://${observed}:7547/` };
  for (const [communication, calledFrom, outcome] of [
    [{}, undefined, 'barred'],
    [{}, '203.0.113.66', 'barred'],
    [{}, observed, 'answered'],
    [url, undefined, 'answered'],
    [url, '203.0.113.66', 'barred'],
    [{ connectionRequestUrl: 'http://box.example/' }, '203.0.113.66', 'answered'],
  ] as const) {
    const { passes, dialled } = trial([way('a', 'cwmp', communication)], {}, calledFrom);
    const done = await passes(0);
    assert.equal(done?.tried[0]?.outcome, outcome, `${JSON.stringify(communication)} ${calledFrom}`);
    assert.equal(dialled.length, outcome === 'answered' ? 1 : 0);
  }
});

test('who stops the search waits for nobody', async () => {
  const { passes, end, givenUp } = trial([way('a', 'usp')], { a: { after: 'never' } });
  assert.equal(await passes(0), undefined);
  end();
  assert.deepEqual(outcomes(await passes(0)), ['a late 0']);
  assert.deepEqual(givenUp, ['a']);
});
