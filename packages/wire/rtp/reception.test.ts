import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReceptionTally } from './reception.ts';
import { ntpOf } from './rtcp.ts';

function heard(sequences: readonly number[], ssrc = 1): ReceptionTally {
  const tally = new ReceptionTally(90000);
  for (const [index, sequence] of sequences.entries()) {
    tally.count({ payloadType: 96, marker: false, sequence: sequence & 0xffff, timestamp: index * 90, ssrc }, index);
  }
  return tally;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('before the first packet there is nothing', () => {
  const tally = new ReceptionTally(8000);
  assert.deepEqual(tally.reception(), {
    expected: 0,
    received: 0,
    lost: 0,
    reordered: 0,
    duplicates: 0,
    foreign: 0,
    restarts: 0,
    jitter: 0,
  });
  assert.equal(tally.reportBlock(0), undefined);
});

test('a whole stream over two wraps has no gap', () => {
  const reception = heard(range(65000, 65000 + 140000)).reception();
  assert.equal(reception.expected, 140000);
  assert.equal(reception.received, 140000);
  assert.equal(reception.lost, 0);
  assert.equal(reception.reordered + reception.duplicates + reception.restarts, 0);
  assert.equal(reception.highestSequence, 204999);
});

test('gaps, late packets and doubles are told apart, also at the wrap', () => {
  const { expected, received, lost, reordered, duplicates } = heard([
    65533, 65534, 0, 65535, 1, 1, 4, 65534, 5,
  ]).reception();
  assert.deepEqual(
    { expected, received, lost, reordered, duplicates },
    { expected: 9, received: 9, lost: 2, reordered: 1, duplicates: 2 },
  );
});

test('a packet sent before the first that arrived makes the account begin earlier', () => {
  const { expected, lost, reordered, firstSequence } = heard([2, 65534, 3]).reception();
  assert.deepEqual(
    { expected, lost, reordered, firstSequence },
    { expected: 6, lost: 3, reordered: 1, firstSequence: -2 },
  );
});

test('one stray sequence number is not believed, two in a row are a gap of lost packets', () => {
  const stray = heard([0, 1, 20000, 2, 3]).reception();
  assert.deepEqual([stray.expected, stray.lost, stray.received], [4, 0, 5]);
  const gap = heard([0, 1, 20000, 20001]).reception();
  assert.deepEqual([gap.expected, gap.lost, gap.restarts], [20002, 19998, 0]);
});

test('a source that begins anew is counted on, loss before it stays', () => {
  const { expected, lost, restarts } = heard([60000, 60002, 30000, 30001, 30002]).reception();
  assert.deepEqual({ expected, lost, restarts }, { expected: 6, lost: 1, restarts: 1 });
});

test('other sources are counted apart', () => {
  const tally = heard([1, 2]);
  assert.equal(tally.count({ payloadType: 96, marker: false, sequence: 3, timestamp: 0, ssrc: 9 }, 0), false);
  const { received, foreign, ssrc } = tally.reception();
  assert.deepEqual({ received, foreign, ssrc }, { received: 2, foreign: 1, ssrc: 1 });
});

test('whatever is dropped, doubled and moved a little, the account says how much', () => {
  const step = fc.record({ drop: fc.nat(9), twice: fc.nat(9), delay: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 300 }), fc.nat(0xffff), (steps, start) => {
      const kept = steps
        .flatMap((how, index) => {
          // The first and the last stay, or nobody could know of them.
          const edge = index === 0 || index === steps.length - 1;
          if (how.drop === 0 && !edge) return [];
          const one = { sequence: start + index, at: index + (edge ? 0 : how.delay / 2) };
          return how.twice === 0 ? [one, one] : [one];
        })
        .sort((a, b) => a.at - b.at)
        .map(({ sequence }) => sequence);
      const { expected, received, lost, duplicates } = heard(kept).reception();
      const distinct = new Set(kept).size;
      assert.deepEqual(
        { expected, received, lost, duplicates },
        {
          expected: steps.length,
          received: kept.length,
          lost: steps.length - distinct,
          duplicates: kept.length - distinct,
        },
      );
    }),
  );
});

test('jitter is zero for even arrivals, also over the wrap of the timestamp, and grows with their unevenness', () => {
  const even = new ReceptionTally(90000);
  const uneven = new ReceptionTally(90000);
  for (let i = 0; i < 500; i++) {
    const header = { payloadType: 96, marker: false, sequence: i, timestamp: (0xffffff00 + i * 900) >>> 0, ssrc: 1 };
    even.count(header, i * 10);
    uneven.count(header, i * 10 + (i % 2) * 2);
  }
  assert.ok(even.reception().jitter < 1e-3);
  // Every interval is 2 ms off: 180 units.
  assert.ok(Math.abs(uneven.reception().jitter - 180) < 1);
});

test('the report block tells the loss since the last one and how long the sender report is ago', () => {
  const tally = heard([0, 1, 2, 4]);
  tally.noteSenderReport(ntpOf(5000), 1000);
  const first = tally.reportBlock(1500);
  assert.equal(first?.fractionLost, 51);
  assert.equal(first?.lost, 1);
  assert.equal(first?.highestSequence, 4);
  assert.equal(first?.delaySinceLast, 32768);
  assert.equal(first?.lastSenderReport, Number((ntpOf(5000) >> 16n) & 0xffffffffn));
  tally.count({ payloadType: 96, marker: false, sequence: 5, timestamp: 0, ssrc: 1 }, 0);
  assert.equal(tally.reportBlock(2000)?.fractionLost, 0);
});
