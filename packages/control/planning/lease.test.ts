import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strongTraits } from '../test/simulated-gateway.ts';
import { leaseEnd } from './lease.ts';

test('a lease is what is wished, within what the type holds and the session lasts', () => {
  const traits = { ...strongTraits, lease: { leastSeconds: 5, mostSeconds: 60 } };
  const { lease: _, ...leaseless } = traits;
  assert.equal(leaseEnd(1_000, 10_000, traits, 1e9), 11_000);
  assert.equal(leaseEnd(1_000, 1_000, traits, 1e9), 6_000);
  assert.equal(leaseEnd(1_000, 120_000, traits, 1e9), 61_000);
  assert.equal(leaseEnd(1_000, 10_000, traits, 3_000), 3_000);
  assert.equal(leaseEnd(1_000, 120_000, leaseless, 1e9), 121_000);
});
