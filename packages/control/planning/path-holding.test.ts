import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strongTraits } from '../test/simulated-gateway.ts';
import { heldBy } from './holding.ts';
import { heldAlong, openFromBetween } from './path-holding.ts';

const hop = (gatewayId: string, sourceAddress: boolean) => ({
  gatewayId,
  held: heldBy({ ...strongTraits, sourceAddress }),
});

test('whoever stands between two gateways is told of where only the outer one looks at who sends', () => {
  const told = (...looks: boolean[]) => openFromBetween(looks.map((each, index) => hop(`g${index}`, each)));
  assert.match(told(false, true) ?? '', /only g1 keeps out .*: anyone between it and g0 may send/);
  assert.match(told(false, false, true) ?? '', /only g2 keeps out .*: anyone between it and g0 may send/);
  // Kept out at the device's own gateway, or nowhere, which is no matter of who stands where.
  for (const looks of [[true], [true, false], [true, true], [false], [false, false]])
    assert.equal(told(...looks), undefined, JSON.stringify(looks));
});

test('a filter at one hop is enough, a lease is needed at every one', () => {
  const { lease: _, ...leaseless } = strongTraits;
  const held = heldAlong([heldBy({ ...leaseless, sourceAddress: false, streamTypes: false }), heldBy(strongTraits)]);
  assert.deepEqual([held.remoteAddress, held.streamType, held.lease], [true, true, false]);
});
