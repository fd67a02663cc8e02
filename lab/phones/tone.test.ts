import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secondsOfTone, toneOf } from './tone.ts';
import { readWav, writeWav } from './wav.ts';

test('a tone is heard for as long as it lasts, and no other', () => {
  const tone = toneOf(440, 2);
  assert.ok(Math.abs(secondsOfTone(tone, 440) - 2) < 0.1);
  assert.equal(secondsOfTone(tone, 1_000), 0);
  assert.equal(secondsOfTone({ rate: 8_000, samples: new Int16Array(16_000) }, 440), 0);
});

test('what is drowned out is not heard, and half of a sound is half of it', () => {
  const [one, other] = [toneOf(440, 2).samples, toneOf(1_000, 2).samples];
  const mixed = one.map((sample, index) => sample + (other[index] ?? 0));
  assert.equal(secondsOfTone({ rate: 8_000, samples: mixed }, 440), 0);
  const half = Int16Array.from(one, (sample, index) => (index < 8_000 ? sample : 0));
  assert.ok(Math.abs(secondsOfTone({ rate: 8_000, samples: half }, 440) - 1) < 0.1);
});

test('a file is read as it was written, and one that was not closed has what there is', () => {
  const tone = toneOf(440, 0.5);
  const bytes = writeWav(tone);
  assert.deepEqual(readWav(bytes), tone);
  const open = Buffer.from(bytes);
  open.writeUInt32LE(0, 40);
  assert.deepEqual(readWav(open), tone);
  for (const other of [Buffer.alloc(0), Buffer.from('RIFF....WAVE'), bytes.subarray(0, 40)])
    assert.throws(() => readWav(other), RangeError);
});
