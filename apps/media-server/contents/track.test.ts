import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { trackOf } from './track.ts';

const laidOut = (timestamps: readonly number[], zero = 0, encoding = 'H264', bytes = new Uint8Array()) =>
  trackOf({ payloadType: 96, clockRate: 1000, encoding, bytes, offsets: [], timestamps, zero });

test('the packets of a frame are spread over most of the time until the next', () => {
  const { dueMs, endMs, timestamps } = laidOut([500, 500, 500, 500, 540, 580], 500);
  assert.deepEqual([...dueMs], [0, 8, 16, 24, 40, 80]);
  assert.deepEqual([...timestamps], [0, 0, 0, 0, 40, 80]);
  assert.equal(endMs, 120);
});

test('frames that are shown in another order are sent evenly, in the order they are made', () => {
  // I0 P3 B1 B2 P6 B4 B5
  const { dueMs, timestamps, endMs } = laidOut([0, 120, 40, 80, 240, 160, 200]);
  assert.deepEqual([...dueMs], [0, 40, 80, 120, 160, 200, 240]);
  assert.deepEqual([...timestamps], [0, 120, 40, 80, 240, 160, 200]);
  assert.equal(endMs, 280);
});

test('timestamps may wrap', () => {
  const zero = 2 ** 32 - 50;
  const { dueMs, timestamps } = laidOut([zero, zero + 40, 30, 70], zero);
  assert.deepEqual([...dueMs], [0, 40, 80, 120]);
  assert.deepEqual([...timestamps], [0, 40, 80, 120]);
});

test('a last packet with fewer sounds than the one before is shorter', () => {
  const packet = (units: number) => [...new Array<number>(12).fill(0), 0, units * 16];
  const bytes = Uint8Array.from([...packet(4), ...packet(4), ...packet(1)]);
  const track = trackOf({
    payloadType: 97,
    clockRate: 48000,
    encoding: 'mpeg4-generic',
    bytes,
    offsets: [0, 14, 28, 42],
    timestamps: [0, 4096, 8192],
    zero: 0,
  });
  assert.equal(track.endMs, ((8192 + 1024) * 1000) / 48000);
});

test('no packet is ever due before the one sent before it', () => {
  const frames = fc.array(
    fc.record({ step: fc.integer({ min: -3, max: 5 }), packets: fc.integer({ min: 1, max: 4 }) }),
    {
      minLength: 1,
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(frames, (list) => {
      let time = 1000;
      const timestamps = list.flatMap(({ step, packets }) => {
        time += step * 40;
        return new Array<number>(packets).fill(time);
      });
      const { dueMs } = laidOut(timestamps, 1000);
      for (let i = 1; i < dueMs.length; i++) assert.ok((dueMs[i] ?? 0) >= (dueMs[i - 1] ?? 0));
    }),
  );
});
