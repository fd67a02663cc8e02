import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { GrantedOpening } from '@sluice/model';
import { writeProbe } from '@sluice/wire/probe';
import { ProbeWatch } from './probe-watch.ts';

const trial = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const other = Buffer.from('ff112233445566778899aabbccddeeff', 'hex');
const server = { address: '203.0.113.10', port: 7000 };
const stranger = { address: '203.0.113.66', port: 9 };
const opening = (n: number, streamType: 'rtp' | 'tcp' = 'rtp'): GrantedOpening => ({
  id: `s1-${n}`,
  streamType,
  remote: server,
  local: { address: '192.168.1.2', port: 5000 + n },
  globalPort: 20_000 + n,
  global: { address: '203.0.113.1', port: 20_000 + n },
  until: 1_000,
});
const probe = writeProbe({ streamType: 'rtp' }, trial);
const patient = new AbortController().signal;

/** What `watch` answers, and at which time. */
async function answer(
  watch: ProbeWatch,
  clock: VirtualClock,
  openings: GrantedOpening[],
  during: () => void = () => {},
) {
  const heard = watch.heard(trial.toString('hex'), openings, 150, 500, patient);
  const began = clock.now();
  let at: number | undefined;
  void heard.then(() => {
    at = clock.now();
  });
  during();
  for (let ms = 0; ms < 600 && at === undefined; ms += 10) {
    await clock.pass(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { heard: await heard, ms: (at ?? 0) - began };
}

test('a probe is kept out of the stream, and told with where it came from', async () => {
  const clock = new VirtualClock();
  const watch = new ProbeWatch(clock);
  assert.equal(watch.take(5000, Buffer.alloc(36), server), false);
  assert.equal(watch.take(5000, probe, server), true);
  assert.equal(watch.take(5000, probe, server), true);
  assert.equal(watch.take(5000, probe, stranger), true);
  assert.equal(watch.take(5000, writeProbe({ streamType: 'rtp' }, other), stranger), true);
  const { heard, ms } = await answer(watch, clock, [opening(0)]);
  assert.deepEqual(heard, [
    { openingId: 's1-0', from: server },
    { openingId: 's1-0', from: stranger },
  ]);
  assert.ok(ms >= 150 && ms < 300, `${ms} ms: strays are waited for, and no longer`);
});

test('what does not come is waited for until it is late', async () => {
  const clock = new VirtualClock();
  const watch = new ProbeWatch(clock);
  watch.take(5000, probe, server);
  watch.take(5001, probe, stranger);
  const { heard, ms } = await answer(watch, clock, [opening(0), opening(1)]);
  assert.ok(ms >= 500);
  assert.deepEqual(
    heard.map(({ openingId }) => openingId),
    ['s1-0', 's1-1'],
  );
});

test('what comes meanwhile counts, and TCP is not waited for', async () => {
  const clock = new VirtualClock();
  const watch = new ProbeWatch(clock);
  const { ms, heard } = await answer(watch, clock, [opening(0), opening(4, 'tcp')], () =>
    watch.take(5000, probe, server),
  );
  assert.ok(ms < 300);
  assert.equal(heard.length, 1);
});
