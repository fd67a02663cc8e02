import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inMemoryDataPlane } from './in-memory.ts';
import type { KernelOpening } from './index.ts';
import { contract } from './test/contract.ts';

const opening: KernelOpening = {
  streamType: 'udp',
  remote: { address: '203.0.113.10', port: 7000 },
  global: { address: '203.0.113.1', port: 20_000 },
  local: { address: '192.168.1.2', port: 5000 },
  tag: 'a',
};
const opens = { add: [{ opening, leaseMs: 1000 }], renew: [], remove: [] };

/** A clock that stands still until told. */
function standing() {
  let time = 1_000_000;
  return {
    now: () => time,
    pass(ms: number) {
      time += ms;
    },
  };
}

describe('the twin in memory', () => {
  for (const [name, check] of contract)
    test(name, async () => {
      const clock = standing();
      const plane = inMemoryDataPlane(clock);
      plane.load();
      await check({ plane, pass: clock.pass });
    });

  test('without a ruleset nothing can be held', () => {
    const plane = inMemoryDataPlane(standing());
    assert.equal(plane.commit(opens)?.reason, 'refused');
    assert.equal(plane.load(), 'loaded');
    assert.equal(plane.commit(opens), undefined);
    assert.equal(plane.load(), 'adopted');
    assert.equal(plane.read().length, 1);
  });

  test('packets, flows and failures are as the test says', () => {
    const plane = inMemoryDataPlane(standing());
    plane.load();
    plane.failWith(12);
    assert.deepEqual(plane.commit(opens), { reason: 'resources', errno: 12, at: { list: 'add', index: 0 } });
    plane.failWith(0);
    assert.equal(plane.commit(opens), undefined);
    plane.pass(opening, 3, 300);
    plane.pass({ ...opening, tag: 'b' }, 1, 1);
    assert.deepEqual(plane.look([opening])[0], { ...opening, remainingMs: 1000, packets: 3, bytes: 300 });
    const far = { address: '203.0.113.20', port: 8443 };
    const flow = { transport: 'tcp', original: { from: opening.local, to: far } } as const;
    plane.flows.push({ flow, observed: opening.global });
    assert.deepEqual(plane.flow('tcp', opening.global, far), { ...flow, outside: opening.global });
    assert.equal(plane.flow('udp', opening.global, far), undefined);
    assert.equal(plane.flow('tcp', opening.global, opening.local), undefined);
  });
});
