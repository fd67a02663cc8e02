import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { GlobalPorts, restMs } from './global-ports.ts';

/** Random numbers that keep every shuffle in its original order. */
const inOrder = () => 0.999999;

test('every port of the range is picked once, then none is left', () => {
  const ports = new GlobalPorts({ first: 20001, last: 20006 }, new VirtualClock(), Math.random);
  const picked = Array.from({ length: 6 }, () => ports.pick());
  assert.deepEqual(picked.toSorted(), [20001, 20002, 20003, 20004, 20005, 20006]);
  assert.equal(ports.pick(), undefined);
});

test('a pair is an even port and the next, both free', () => {
  const ports = new GlobalPorts({ first: 20001, last: 20006 }, new VirtualClock(), Math.random);
  ports.hold(20005);
  assert.deepEqual(ports.free(9, true), [20002, 20003]);
  assert.deepEqual(ports.free(1, true), [20002, 20003]);
  assert.equal(ports.pickPair([0, 1]), 20002);
  assert.equal(ports.pickPair([0, 1]), undefined);
  ports.release(20005);
  assert.equal(ports.pickPair([1]), 20004);
  assert.ok(ports.isFree(20004));
  assert.ok(!ports.isFree(20005));
});

test('single ports come out of broken pairs first', () => {
  const ports = new GlobalPorts({ first: 20000, last: 20007 }, new VirtualClock(), Math.random);
  const first = ports.pick();
  assert.ok(first !== undefined);
  assert.equal(ports.pick(), first ^ 1);
});

test('a port given back rests while others are free', async () => {
  const clock = new VirtualClock();
  const ports = new GlobalPorts({ first: 20000, last: 20005 }, clock, inOrder);
  const held = Array.from({ length: 4 }, () => ports.pick());
  assert.ok(held.includes(20000));
  await clock.pass(1);
  ports.release(20000);
  const next = ports.pick();
  assert.ok(next === 20004 || next === 20005, `${next}`);
  await clock.pass(restMs);
  assert.deepEqual([ports.pick(), ports.pick()].toSorted(), [20000, (next ?? 0) ^ 1]);
});

test('when nothing has rested, the port that is free longest is picked', async () => {
  const clock = new VirtualClock();
  const ports = new GlobalPorts({ first: 20000, last: 20003 }, clock, Math.random);
  for (let count = 0; count < 4; count++) ports.pick();
  for (const port of [20003, 20000]) {
    ports.release(port);
    await clock.pass(1);
  }
  assert.equal(ports.pick(), 20003);
  assert.equal(ports.pick(), 20000);
});

test('a shared port is free when its last holder lets go', () => {
  const ports = new GlobalPorts({ first: 20000, last: 20001 }, new VirtualClock(), Math.random);
  ports.hold(20000);
  ports.hold(20000);
  ports.release(20000);
  assert.ok(!ports.isFree(20000));
  assert.deepEqual(ports.free(9, false), [20001]);
  ports.release(20000);
  assert.ok(ports.isFree(20000));
  ports.release(20000);
  assert.equal(ports.holders(20000), 0);
});

test('what something else uses is never given', () => {
  const ports = new GlobalPorts({ first: 20000, last: 20003, except: [20002] }, new VirtualClock(), Math.random);
  assert.deepEqual(ports.free(9, false).toSorted(), [20000, 20001, 20003]);
  assert.ok(!ports.includes(20002));
});

test('the order of picking follows the random numbers', () => {
  const order = (random: () => number) =>
    new GlobalPorts({ first: 20000, last: 20099 }, new VirtualClock(), random).free(5, true).join();
  assert.equal(order(inOrder), '20000,20001,20002,20003,20004,20005');
  let seed = 1;
  const scattered = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  assert.notEqual(order(scattered), order(inOrder));
});
