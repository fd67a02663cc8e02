import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Opening } from '@sluice/model';
import { buildNatPmpResponse, natPmpResult } from '@sluice/wire/natpmp';
import { buildPcpResponse } from '@sluice/wire/pcp';
import { mishaps } from '../../port-control/test/loopback.ts';
import { change, grants, refusalIn, wanted } from '../../port-control/test/openings.ts';
import { openNatPmpBench } from './test/bench.ts';

const soon = () => AbortSignal.timeout(5_000);
const mayLack = ['remoteAddress', 'remotePort'] as const;
const wide = (now: number, n = 0, more: Partial<Opening> = {}) => wanted(now, n, { mayLack, ...more });

/** The gateway did it; what comes back to the client is this. */
const outcomes: readonly [keyof typeof mishaps, 'applied' | 'unknown'][] = [
  ['lost', 'unknown'],
  ['twice', 'applied'],
  ['garbage', 'applied'],
  ['truncated', 'unknown'],
  ['of another request', 'unknown'],
  ['a megabyte', 'applied'],
  ['a request', 'unknown'],
];

for (const [name, kind] of outcomes)
  test(`an answer that is ${name}: ${kind}, and a look tells the truth, which can be closed`, async () => {
    await using bench = await openNatPmpBench();
    const { server, clock, simulated } = bench;
    const session = await bench.connect();
    server.mishaps.push(mishaps[name]);
    const outcome = await change(session, clock.now(), { open: [wide(clock.now())] }, 200);
    assert.equal(outcome.kind, kind, JSON.stringify(outcome));
    const { ours } = await session.observe([], soon());
    assert.deepEqual(
      ours.map(({ opening }) => [opening.id, opening.globalPort]),
      [['s1-0', simulated.held[0]?.externalPort]],
    );
    assert.equal((await change(session, clock.now(), { close: ours.map(({ opening }) => opening) })).kind, 'applied');
    assert.deepEqual(simulated.held, []);
  });

test('an opening that may not be for anyone is refused before the gateway is asked', async () => {
  await using bench = await openNatPmpBench();
  const { server, clock } = bench;
  const session = await bench.connect();
  const { asked } = server;
  for (const open of [[wanted(clock.now())], [wanted(clock.now(), 1, { mayLack: ['remotePort'] })]])
    assert.equal(refusalIn(await change(session, clock.now(), { open })).code, 'cannot-hold');
  assert.equal(server.asked, asked);
});

test('lifetimes are seconds, never longer than asked; shorter ones are told', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const start = clock.now();
  const [brief] = grants(await change(session, start, { open: [wide(start, 0, { until: start + 10_700 })] }));
  assert.equal(brief.until, start + 10_000);
  assert.equal(simulated.held[0]?.endsAt, start + 10_000);
  simulated.mostSeconds = 60;
  const [capped] = grants(await change(session, start, { open: [wide(start, 1)] }));
  assert.equal(capped.until, start + 60_000);
});

test('a look asks for what is left of a lease and no more, and puts back what the gateway lost', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const until = clock.now() + 120_000;
  const [opening] = grants(await change(session, clock.now(), { open: [wide(clock.now())] }));
  await clock.pass(50_000);
  assert.deepEqual((await session.observe([opening], soon())).ours, [{ opening }]);
  assert.equal(simulated.held[0]?.endsAt, until);
  simulated.mappings = [];
  assert.equal((await session.observe([opening], soon())).ours.length, 1);
  assert.equal(simulated.held[0]?.endsAt, until);
  const restarted = await bench.connect(bench.anew());
  assert.deepEqual((await restarted.observe([opening], soon())).ours, [{ opening }]);
});

test('a port that is taken is refused, and what the gateway offers instead is given back', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const theirs = {
    client: '192.168.1.77',
    protocol: 'udp',
    internalPort: 9,
    externalPort: 6000,
    endsAt: clock.now() + 3_600_000,
  } as const;
  simulated.mappings.push(theirs);
  const outcome = await change(session, clock.now(), { open: [wide(clock.now(), 0, { globalPort: 6000 })] });
  assert.equal(refusalIn(outcome).code, 'port-in-use');
  assert.deepEqual(simulated.held, [theirs]);
  const [picked] = grants(
    await change(session, clock.now(), {
      open: [wide(clock.now(), 1, { local: { address: '127.0.0.1', port: 6000 } })],
    }),
  );
  assert.equal(picked.globalPort, 6001);
});

test('a gateway that lost power is found out by its epoch, a renewal after it moved is refused', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated, losses } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wide(clock.now())] }));
  simulated.reboot();
  simulated.externalAddress = '203.0.113.2';
  await clock.pass(60_000);
  const renew = [{ opening, until: clock.now() + 120_000 }];
  assert.match(refusalIn(await change(session, clock.now(), { renew })).message, /203\.0\.113\.2 now/);
  assert.match(losses.join(), /^home-1 an answer shows/);
  assert.deepEqual(simulated.held, []);
});

test('announcements of a loss and of another address are told, those of other gateways not', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated, losses, driver } = bench;
  const session = await bench.connect();
  const announce = (epoch: number, address: number[]) =>
    buildNatPmpResponse({ kind: 'external-address', result: 0, epoch, address: Uint8Array.from(address) });
  const same = [203, 0, 113, 1];
  driver.heard(announce(simulated.epoch, same), '127.0.0.1');
  driver.heard(announce(0, same), '127.0.0.99');
  await clock.pass(5_000);
  assert.deepEqual(losses, []);
  driver.heard(announce(simulated.epoch, [203, 0, 113, 9]), '127.0.0.1');
  await clock.pass(5_000);
  assert.deepEqual(losses, ['home-1 it announced that its address is 203.0.113.9 now']);
  assert.deepEqual((await session.addresses(soon())).global, ['203.0.113.9']);
  for (let copy = 0; copy < 10; copy++) driver.heard(announce(0, [203, 0, 113, 9]), '127.0.0.1');
  await clock.pass(5_000);
  assert.equal(losses.length, 2);
  assert.match(losses[1] ?? '', /lost its mappings/);
  // A gateway of both protocols announces in the newer one.
  await clock.pass(60_000);
  driver.heard(
    buildPcpResponse({ result: 0, lifetime: 0, epoch: 1, body: { kind: 'announce' }, options: [] }),
    '127.0.0.1',
  );
  await clock.pass(5_000);
  assert.equal(losses.length, 3);
});

test('results have their refusals', async () => {
  const cases: [number, string][] = [
    [natPmpResult.notAuthorized, 'gateway-refused'],
    [natPmpResult.networkFailure, 'gateway-refused'],
    [natPmpResult.outOfResources, 'ports-exhausted'],
    [natPmpResult.unsupportedOpcode, 'trait-missing'],
    [77, 'gateway-refused'],
  ];
  for (const [result, code] of cases) {
    await using bench = await openNatPmpBench();
    bench.simulated.result = result;
    const session = await bench.connect();
    const { clock } = bench;
    assert.equal(refusalIn(await change(session, clock.now(), { open: [wide(clock.now())] })).code, code, `${result}`);
  }
});

test('one refused among several: those before it are closed again', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const bad = wide(clock.now(), 2, { local: { address: '127.0.0.1', port: 80 } });
  const refusal = refusalIn(
    await change(session, clock.now(), { open: [wide(clock.now()), wide(clock.now(), 1), bad] }),
  );
  assert.deepEqual([refusal.code, refusal.subject], ['gateway-refused', 's1-2']);
  assert.deepEqual(simulated.held, []);
});

test('a gateway that keeps a mapping after its deletion is not believed to have closed', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wide(clock.now())] }));
  simulated.keepsAfterDeletion = 30;
  assert.match(refusalIn(await change(session, clock.now(), { close: [opening] })).message, /another 30 s/);
});

test('a gateway without an address opens nothing; one that speaks something else, or nothing, is no gateway', async () => {
  await using bench = await openNatPmpBench();
  const { clock, simulated } = bench;
  simulated.isOffline = true;
  const session = await bench.connect();
  await assert.rejects(session.addresses(soon()), { name: 'Unreachable' });
  assert.equal(refusalIn(await change(session, clock.now(), { open: [wide(clock.now())] })).code, 'gateway-offline');
  simulated.isOffline = false;
  grants(await change(session, clock.now(), { open: [wide(clock.now())] }));
  simulated.answer = () => buildNatPmpResponse({ kind: 'error', result: 1, epoch: 1, opcode: 0 });
  await assert.rejects(bench.connect(bench.anew()), /another version/);
  await bench.server[Symbol.asyncDispose]();
  await assert.rejects(bench.connect(bench.anew()), { name: 'Unreachable' });
  bench.server[Symbol.asyncDispose] = async () => {};
});
