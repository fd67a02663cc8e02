import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { VirtualClock } from '@sluice/io';
import { exchange, natPmpDelays, type Question } from './index.ts';
import { UdpByHand } from './test/udp-by-hand.ts';

const question: Question<string> = {
  server: { address: '192.168.1.1', port: 5351 },
  build: ({ address }) => Buffer.from(`from ${address}`),
  read: (bytes) => (bytes.length === 2 ? Buffer.from(bytes).toString() : undefined),
  delays: natPmpDelays,
};

function begin(what: Partial<Question<string>> = {}, signal = AbortSignal.timeout(5_000)) {
  const udp = new UdpByHand();
  const clock = new VirtualClock();
  const reply = exchange({ ...question, ...what }, { udp, clock }, signal);
  return { udp, clock, reply };
}

test('the first answer counts; what is none, and what comes after, does not', async () => {
  const { udp, reply } = begin();
  await setImmediate();
  udp.answer(Buffer.from('garbage'));
  udp.answer(Buffer.alloc(1 << 16));
  udp.answer(Buffer.from('ok'));
  udp.answer(Buffer.from('no'));
  assert.deepEqual(await reply, { kind: 'answer', answer: 'ok' });
  assert.equal(udp.sockets.length, 0, 'the socket is closed');
  assert.deepEqual(udp.sent.map(String), ['from 192.168.1.2']);
});

test('it is asked again after each delay, the same octets, and an answer ends that', async () => {
  const { udp, clock, reply } = begin();
  await setImmediate();
  await clock.pass(249);
  assert.equal(udp.sent.length, 1);
  await clock.pass(1);
  assert.equal(udp.sent.length, 2);
  await clock.pass(500);
  assert.equal(udp.sent.length, 3);
  udp.answer(Buffer.from('ok'));
  await reply;
  await clock.pass(60_000);
  assert.equal(udp.sent.length, 3);
  assert.equal(new Set(udp.sent.map(String)).size, 1);
});

test('after the last delay the answer is lost', async () => {
  const { udp, clock, reply } = begin();
  await setImmediate();
  await clock.pass(127_749);
  assert.equal(udp.sockets.length, 1);
  await clock.pass(1);
  assert.equal((await reply).kind, 'lost');
  assert.equal(udp.sent.length, 9);
});

test('a deadline before the sending leaves nothing behind; one after it leaves it open what happened', async () => {
  const before = begin({}, AbortSignal.abort(new Error('over')));
  assert.deepEqual(await before.reply, { kind: 'not-sent', reason: 'over' });
  assert.equal(before.udp.sent.length, 0);
  const ending = new AbortController();
  const after = begin({}, ending.signal);
  await setImmediate();
  ending.abort(new Error('over'));
  assert.deepEqual(await after.reply, { kind: 'lost', reason: 'over' });
  assert.equal(after.udp.sockets.length, 0);
});

test('"nothing listens there" to the first sending means that nothing happened; to a later one, that nobody knows', async () => {
  const at = begin();
  await setImmediate();
  at.udp.sockets[0]?.listener.refused('ECONNREFUSED');
  assert.deepEqual(await at.reply, { kind: 'not-sent', reason: 'ECONNREFUSED' });
  const later = begin();
  await setImmediate();
  await later.clock.pass(300);
  later.udp.sockets[0]?.listener.refused('ECONNREFUSED');
  assert.deepEqual(await later.reply, { kind: 'lost', reason: 'ECONNREFUSED' });
});

test('it is asked from the address that is wished, where this machine has it', async () => {
  const own = begin({ local: '192.168.1.2' });
  const another = begin({ local: '192.168.1.3' });
  await setImmediate();
  for (const { udp, reply } of [own, another]) {
    udp.answer(Buffer.from('ok'));
    await reply;
    assert.equal(String(udp.sent[0]), 'from 192.168.1.2');
  }
});

test('or not at all, where it may be no other', async () => {
  const { udp, reply } = begin({ local: '192.168.1.3', fromLocalOnly: true });
  assert.deepEqual(await reply, { kind: 'not-sent', reason: '192.168.1.3', notOurs: true });
  assert.equal(udp.sent.length, 0);
});

test('no way to the server is no sending', async () => {
  const udp = new UdpByHand();
  udp.failure = { failed: 'no-way', reason: 'ENETUNREACH' };
  const reply = await exchange(question, { udp, clock: new VirtualClock() }, AbortSignal.timeout(5_000));
  assert.deepEqual(reply, { kind: 'not-sent', reason: 'ENETUNREACH' });
});
