import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natPmpDelays, natPmpEpochVerdict, pcpDelays, pcpEpochVerdict, renewalTime } from './index.ts';

const first = (count: number, random: () => number) => [...pcpDelays(random).take(count)].map(Math.round);

test('RFC 6887 8.1.1: 3 s, twice as long each time, 1024 s at most, a tenth more or less', () => {
  assert.deepEqual(
    first(11, () => 0.5),
    [3, 6, 12, 24, 48, 96, 192, 384, 768, 1024, 1024].map((seconds) => seconds * 1_000),
  );
  assert.deepEqual(
    first(2, () => 0),
    [2_700, 4_860],
  );
  assert.deepEqual(
    first(2, () => 1),
    [3_300, 7_260],
  );
});

test('RFC 6886 3.1: nine times, from 250 ms to 64 s', () => {
  assert.deepEqual(natPmpDelays, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
});

test('RFC 6887 8.5: a server that keeps time is steady, one that began anew or stood still is not', () => {
  const at = (epoch: number, seconds: number) => ({ epoch, at: seconds * 1_000 });
  const cases: [ReturnType<typeof at>, ReturnType<typeof at>, string][] = [
    [at(1_000, 0), at(1_100, 100), 'steady'],
    [at(1_000, 0), at(1_001, 0), 'steady'],
    [at(1_000, 0), at(999, 0), 'steady'],
    [at(1_000, 0), at(998, 0), 'lost'],
    [at(1_000, 0), at(0, 1), 'lost'],
    // A sixteenth and two seconds either way.
    [at(0, 0), at(1_000, 1_069), 'lost'],
    [at(0, 0), at(1_000, 1_068), 'steady'],
    [at(0, 0), at(1_000, 936), 'steady'],
    [at(0, 0), at(1_000, 935), 'lost'],
    // It rebooted, and has been up for longer than we have not asked.
    [at(10, 0), at(3_000, 100), 'lost'],
    // Our own clock was set back.
    [at(100, 1_000), at(101, 10), 'steady'],
  ];
  for (const [before, now, verdict] of cases)
    assert.equal(pcpEpochVerdict(before, now), verdict, JSON.stringify([before, now]));
  assert.equal(pcpEpochVerdict(undefined, at(5, 5)), 'first');
});

test('RFC 6886 3.6: seven eighths of the time that passed, less two seconds', () => {
  const at = (epoch: number, seconds: number) => ({ epoch, at: seconds * 1_000 });
  assert.equal(natPmpEpochVerdict(undefined, at(1, 1)), 'first');
  assert.equal(natPmpEpochVerdict(at(1_000, 0), at(1_086, 100)), 'steady');
  assert.equal(natPmpEpochVerdict(at(1_000, 0), at(1_085, 100)), 'lost');
  assert.equal(natPmpEpochVerdict(at(1_000, 0), at(5, 5)), 'lost');
  assert.equal(natPmpEpochVerdict(at(1_000, 0), at(9_000, 5)), 'steady');
});

test('RFC 6887 11.2.1: from a half, three quarters, seven eighths of a lease, never within 4 s of the last', () => {
  assert.equal(
    renewalTime(1_600, 0, () => 0),
    800,
  );
  assert.equal(
    renewalTime(1_600, 0, () => 1),
    1_000,
  );
  assert.equal(
    renewalTime(1_600, 1, () => 0),
    1_200,
  );
  assert.equal(
    renewalTime(1_600, 1, () => 1),
    1_300,
  );
  assert.equal(
    renewalTime(1_600, 2, () => 0),
    1_400,
  );
  assert.equal(
    renewalTime(1_600, 2, () => 1),
    1_450,
  );
  assert.equal(
    renewalTime(120, 5, () => 0, 117.5),
    undefined,
    'the end comes before',
  );
  assert.equal(
    renewalTime(120, 5, () => 0, 115),
    119,
    '4 s after the last',
  );
});
