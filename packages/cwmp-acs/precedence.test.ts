import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { last, Precedence } from './precedence.ts';
import { home, listeningAcs } from './test/listening-acs.ts';
import { callIn, RawDevice } from './test/raw-device.ts';

const patient = () => AbortSignal.timeout(5_000);
const get = { name: 'GetParameterValues', names: ['A.'] } as const;
const values = { name: 'GetParameterValuesResponse', values: [] } as const;

test('the first is looked at, then the least rank, then who came first; one a turn of the event loop', async () => {
  const precedence = new Precedence();
  const seen: string[] = [];
  const come = (name: string, rank: number) => precedence.turn(rank).then(() => seen.push(name));
  const all = [
    come('first, of no rank', last),
    come('a new one', last),
    come('begun third', 3),
    come('another new one', last),
    come('begun second', 2),
    come('begun second, again', 2),
  ];
  await Promise.resolve();
  assert.deepEqual(seen, ['first, of no rank']);
  await setImmediate();
  await setImmediate();
  assert.ok(seen.length < all.length, 'all in one turn');
  const late = come('begun first', 1);
  await Promise.all([...all, late]);
  assert.deepEqual(seen.slice(0, 3), ['first, of no rank', 'begun second', 'begun second, again']);
  assert.deepEqual(seen.slice(3), ['begun first', 'begun third', 'a new one', 'another new one']);
  // Nothing is waited for where nobody is before it.
  await setImmediate();
  await setImmediate();
  let isDone = false;
  void precedence.turn(last).then(() => {
    isDone = true;
  });
  await Promise.resolve();
  assert.ok(isDone);
});

test('each comes to its turn, however many there are, and whoever comes meanwhile', async () => {
  const precedence = new Precedence();
  const seen: number[] = [];
  const come = (number: number) => precedence.turn(number % 3 === 0 ? number : last).then(() => seen.push(number));
  const first = Array.from({ length: 2_000 }, (_, number) => come(number));
  await Promise.all(first.slice(0, 300));
  await Promise.all([...first, ...Array.from({ length: 2_000 }, (_, number) => come(2_000 + number))]);
  assert.equal(new Set(seen).size, 4_000);
  const others = seen.filter((number) => number % 3 !== 0);
  assert.deepEqual(
    others,
    others.toSorted((one, another) => one - another),
  );
});

test('a session has a rank while an answer is waited for in it; the one that began first has the least', async () => {
  const other = { ...home, gatewayId: 'other', identity: '00D09E-2', login: { username: 'other', password: 'seed' } };
  await using server = await listeningAcs([home, other]);
  const devices = [home, other].map(({ login, gatewayId }, index) => {
    const identity = { oui: '00D09E', serialNumber: String(index + 1) };
    return { gatewayId, device: new RawDevice({ port: server.port, identity, ...(login && { login }) }) };
  });
  const rankOf = (gatewayId: string) => server.acs.sessionWith(gatewayId)?.rank ?? Number.NaN;
  const asked: { readonly id: string; readonly work: Promise<unknown> }[] = [];
  for (const { gatewayId, device } of devices) {
    await device.inform();
    assert.equal(rankOf(gatewayId), last);
    const work = server.acs.alone(gatewayId, patient(), ({ ask }) => ask(get, patient()));
    const { id } = callIn(await device.say());
    asked.push({ id, work });
  }
  assert.ok(rankOf('home') < rankOf('other') && rankOf('other') < last);
  const held = devices[0]?.device.say(values, asked[0]?.id);
  await asked[0]?.work;
  assert.equal(rankOf('home'), last);
  server.acs.sessionWith('home')?.end('the test is over');
  await held;
  for (const { device } of devices) device.hangUp();
  await assert.rejects(async () => {
    server.acs.sessionWith('other')?.end('the test is over');
    await asked[1]?.work;
  });
});
