import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { VirtualClock } from '@sluice/io';
import type { GrantedOpening } from '@sluice/model';
import { buildNatPmpResponse } from '@sluice/wire/natpmp';
import { buildPcpResponse } from '@sluice/wire/pcp';
import { announcementIn, ErrorHolds, LossReports, learntVersion, OpeningBook, Turns, versionIsOpen } from './index.ts';

const opening: GrantedOpening = {
  id: 's1-0',
  streamType: 'rtp',
  remote: { address: '203.0.113.10', port: 7000 },
  local: { address: '192.168.1.2', port: 5000 },
  global: { address: '203.0.113.1', port: 5000 },
  globalPort: 5000,
  until: 60_000,
};

test('an opening is remembered until it can be there no longer', () => {
  const book = new OpeningBook();
  book.asked(opening, 0);
  book.granted(opening, 1);
  assert.equal(book.of('s1-0', 100_000)?.state, 'granted');
  assert.equal(book.of('s1-0', 60_000 + 120_000), undefined);
  // A lease that was shortened: the longer one may be what the gateway has.
  book.closing({ ...opening, until: 10_000 }, 2);
  assert.equal(book.of('s1-0', 170_000)?.state, 'closing');
  book.closed(opening, 3);
  assert.deepEqual(book.present(4), []);
  assert.equal(book.of('s1-0', 4)?.state, 'closed');
});

test('another opening to the same port of a device is a rival, but not one that is closed, or of another transport', () => {
  const book = new OpeningBook();
  book.granted(opening, 0);
  assert.equal(book.rivalOf(opening, 1), undefined, 'itself');
  assert.equal(book.rivalOf({ ...opening, id: 's2-0', streamType: 'udp' }, 1)?.opening.id, 's1-0');
  assert.equal(book.rivalOf({ ...opening, id: 's2-0', streamType: 'tcp' }, 1), undefined);
  assert.equal(book.rivalOf({ ...opening, id: 's2-0', local: { ...opening.local, port: 5001 } }, 1), undefined);
  book.closed(opening, 2);
  assert.equal(book.rivalOf({ ...opening, id: 's2-0' }, 3), undefined);
});

test('an error holds for its lifetime, half an hour at most, and no error without one', () => {
  const holds = new ErrorHolds<string>();
  holds.keep('a', 'taken', 30, 0);
  assert.equal(holds.of('a', 29_999), 'taken');
  assert.equal(holds.of('a', 30_000), undefined);
  holds.keep('a', 'never', 2 ** 32 - 1, 0);
  assert.equal(holds.of('a', 1_799_999), 'never');
  assert.equal(holds.of('a', 1_800_000), undefined);
  holds.keep('b', 'now', 0, 0);
  assert.equal(holds.of('b', 0), undefined);
  holds.keep('a', 'now', 0, 0);
  assert.equal(holds.of('a', 0), undefined, 'a later error takes the place of an earlier');
  holds.keep('a', 'taken', 30, 0);
  holds.clear();
  assert.equal(holds.of('a', 0), undefined);
});

test('a gateway that speaks another version is asked again after half an hour', () => {
  assert.ok(versionIsOpen(undefined, 0));
  assert.ok(!versionIsOpen(learntVersion(undefined, 0), 10 ** 12));
  const other = learntVersion(0, 0);
  assert.deepEqual(other, { kind: 'other', version: 0, at: 0 });
  assert.ok(!versionIsOpen(other, 1_799_999));
  assert.ok(versionIsOpen(other, 1_800_000));
});

test('turns are taken in their order, whatever becomes of those before; who is late leaves at once', async () => {
  const turns = new Turns();
  const done: number[] = [];
  const signal = AbortSignal.timeout(5_000);
  const hold = Promise.withResolvers<void>();
  const slow = turns.take(signal, async () => {
    await hold.promise;
    done.push(1);
    throw new Error('failed');
  });
  const leaving = new AbortController();
  const late = turns.take(leaving.signal, async () => void done.push(2));
  const quick = turns.take(signal, async () => void done.push(3));
  leaving.abort(new Error('too late'));
  await assert.rejects(late, /too late/);
  await setImmediate();
  assert.deepEqual(done, []);
  hold.resolve();
  await assert.rejects(slow, /failed/);
  await quick;
  assert.deepEqual(done, [1, 3]);
});

test('announcements of both protocols are read, and answers to others are none', () => {
  const pcp = { lifetime: 0, epoch: 7, body: { kind: 'announce' }, options: [] } as const;
  assert.deepEqual(announcementIn(buildPcpResponse({ ...pcp, result: 0 })), { kind: 'pcp', epoch: 7 });
  assert.equal(announcementIn(buildPcpResponse({ ...pcp, result: 2 })), undefined);
  const older = { kind: 'external-address', epoch: 8, address: Uint8Array.of(203, 0, 113, 1) } as const;
  assert.deepEqual(announcementIn(buildNatPmpResponse({ ...older, result: 0 })), {
    kind: 'nat-pmp',
    epoch: 8,
    address: '203.0.113.1',
  });
  assert.equal(announcementIn(buildNatPmpResponse({ ...older, result: 3 })), undefined);
  assert.equal(announcementIn(buildNatPmpResponse({ kind: 'error', opcode: 0, result: 3, epoch: 1 })), undefined);
  assert.equal(announcementIn(Buffer.from('NOTIFY * HTTP/1.1')), undefined);
});

test('a row of announcements is told once, within 5 s; what was found by asking is told at once', async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const reports = new LossReports(
    clock,
    () => 0.5,
    (gatewayId, why) => told.push(`${gatewayId} ${why}`),
  );
  reports.soon('g1', 'announced');
  reports.soon('g1', 'announced');
  reports.soon('g2', 'announced');
  await clock.pass(2_000);
  assert.deepEqual(told, []);
  reports.now('g2', 'answered');
  assert.deepEqual(told, ['g2 answered']);
  await clock.pass(3_000);
  assert.deepEqual(told, ['g2 answered', 'g1 announced']);
  reports.soon('g1', 'again');
  reports[Symbol.dispose]();
  await clock.pass(10_000);
  assert.equal(told.length, 2);
});
