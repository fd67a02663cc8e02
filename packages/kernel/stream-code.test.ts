import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamTypes } from '@sluice/model';
import { type Carried, readStreamCode, streamCode } from './stream-code.ts';

test('every stream type and payload type has a number of its own, and none is 0', () => {
  const typed = Array.from({ length: 128 }, (_, payloadType): Carried => ({ streamType: 'rtp', payloadType }));
  const carried: Carried[] = [...streamTypes.map((streamType) => ({ streamType })), ...typed];
  const codes = carried.map(streamCode);
  assert.equal(new Set(codes).size, carried.length);
  assert.ok(!codes.includes(0));
  assert.deepEqual(codes.map(readStreamCode), carried);
});

test('a number that was never written means nothing', () => {
  for (const code of [0, 8, 255, 384, 0xffffffff]) assert.equal(readStreamCode(code), undefined);
});
