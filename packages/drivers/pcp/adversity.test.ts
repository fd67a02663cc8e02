import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNatPmpResponse } from '@sluice/wire/natpmp';
import { buildPcpResponse, parsePcpRequest, pcpResult } from '@sluice/wire/pcp';
import { type Mishap, mishaps } from '../../port-control/test/loopback.ts';
import { change, grants, refusalIn, wanted } from '../../port-control/test/openings.ts';
import { openPcpBench } from './test/bench.ts';

const soon = () => AbortSignal.timeout(5_000);

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
    await using bench = await openPcpBench();
    const { server, clock, simulated } = bench;
    const session = await bench.connect();
    server.mishaps.push(mishaps[name]);
    const outcome = await change(session, clock.now(), { open: [wanted(clock.now())] });
    assert.equal(outcome.kind, kind, JSON.stringify(outcome));
    const { ours } = await session.observe([], soon());
    assert.deepEqual(
      ours.map(({ opening }) => [opening.id, opening.globalPort]),
      [['s1-0', simulated.held[0]?.externalPort]],
    );
    const closed = await change(session, clock.now(), { close: ours.map(({ opening }) => opening) });
    assert.equal(closed.kind, 'applied');
    assert.deepEqual(simulated.held, []);
    assert.deepEqual((await session.observe([], soon())).ours, []);
  });

test('an answer that comes late is not taken for that to a later question', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  let late = () => {};
  server.mishaps.push((answer, send) => {
    late = () => answer && send(answer);
  });
  assert.equal((await change(session, clock.now(), { open: [wanted(clock.now())] }, 100)).kind, 'unknown');
  // The mapping is closed, and the word that it was made comes while that is under way.
  server.mishaps.push((answer, send) => {
    late();
    if (answer) send(answer);
  });
  const [believed] = [{ ...wanted(clock.now()), globalPort: 5000, global: { address: '203.0.113.1', port: 5000 } }];
  const closed = await change(session, clock.now(), { close: [believed as never] });
  assert.equal(closed.kind, 'applied', JSON.stringify(closed));
  assert.deepEqual(simulated.held, []);
});

test('a deletion whose answer is lost is not called done; a look closes again, and does not open', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  const [opening] = grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  server.deaf = 1;
  assert.equal((await change(session, clock.now(), { close: [opening] })).kind, 'unknown');
  assert.equal(simulated.held.length, 1);
  const { ours, unsure } = await session.observe([opening], soon());
  assert.deepEqual([ours, unsure], [[], undefined]);
  assert.deepEqual(simulated.held, []);
});

test('a look that is not answered is no look', async () => {
  await using bench = await openPcpBench();
  const { server, clock } = bench;
  const session = await bench.connect();
  server.deaf = 1;
  await change(session, clock.now(), { open: [wanted(clock.now())] });
  server.deaf = 1;
  await assert.rejects(session.observe([], AbortSignal.timeout(200)), { name: 'Unreachable' });
});

test('a success that grants nothing, or another port, is undone and refused', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  const without =
    (from: number, to: number): Mishap =>
    (answer, send) => {
      send(Uint8Array.from(answer ?? []).fill(0, from, to));
    };
  // No port, no seconds, no address.
  for (const nothing of [without(42, 44), without(4, 8), without(44, 60), without(56, 60)]) {
    server.mishaps.push(nothing);
    const outcome = await change(session, clock.now(), { open: [wanted(clock.now())] });
    assert.equal(refusalIn(outcome).code, 'gateway-refused');
    assert.deepEqual(simulated.held, []);
  }

  simulated.ignoresPreferFailure = true;
  grants(await change(session, clock.now(), { open: [wanted(clock.now(), 1, { globalPort: 6000 })] }));
  const rival = await change(session, clock.now(), { open: [wanted(clock.now(), 2, { globalPort: 6000 })] });
  assert.equal(refusalIn(rival).code, 'port-in-use');
  assert.equal(refusalIn(rival).subject, 's1-2');
  assert.deepEqual(
    simulated.held.map(({ internalPort }) => internalPort),
    [5001],
  );
});

test('one refused among several: those before it are closed again, in reverse order', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  const deleted: number[] = [];
  const watch: Mishap = (answer, send) => {
    if (answer) send(answer);
  };
  simulated.mostMappings = 3;
  const answer = simulated.answer.bind(simulated);
  simulated.answer = (bytes, from) => {
    const request = parsePcpRequest(bytes);
    if (request?.lifetime === 0 && request.body.kind === 'map') deleted.push(request.body.mapping.internalPort);
    return answer(bytes, from);
  };
  server.mishaps.push(watch);
  const open = [0, 1, 2, 3, 4].map((n) => wanted(clock.now(), n));
  const refusal = refusalIn(await change(session, clock.now(), { open }));
  assert.deepEqual([refusal.code, refusal.subject], ['quota-exceeded', 's1-3']);
  assert.deepEqual(deleted, [5002, 5001, 5000]);
  assert.deepEqual(simulated.held, []);
});

test('where undoing is not answered, that is not called refused', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  simulated.mostMappings = 1;
  const pass: Mishap = (answer, send) => answer && send(answer);
  server.mishaps.push(pass, pass, mishaps.lost);
  const outcome = await change(session, clock.now(), { open: [wanted(clock.now()), wanted(clock.now(), 1)] });
  assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
});

test('results have their refusals, and an error is not met again before its lifetime is over', async () => {
  const cases: [number, string][] = [
    [pcpResult.notAuthorized, 'gateway-refused'],
    [pcpResult.malformedRequest, 'gateway-refused'],
    [pcpResult.networkFailure, 'gateway-refused'],
    [pcpResult.noResources, 'ports-exhausted'],
    [pcpResult.unsuppProtocol, 'trait-missing'],
    [pcpResult.userExQuota, 'quota-exceeded'],
    [pcpResult.cannotProvideExternal, 'port-in-use'],
    [pcpResult.addressMismatch, 'behind-another-nat'],
    [99, 'gateway-refused'],
  ];
  for (const [result, code] of cases) {
    await using bench = await openPcpBench();
    const { server, clock, simulated } = bench;
    const session = await bench.connect();
    const answer = simulated.answer.bind(simulated);
    simulated.answer = (bytes) => {
      const request = parsePcpRequest(bytes);
      return request && buildPcpResponse({ ...request, result, lifetime: 30, epoch: simulated.epoch });
    };
    const ask = async () => refusalIn(await change(session, clock.now(), { open: [wanted(clock.now())] }));
    const { asked } = server;
    assert.equal((await ask()).code, code, `result ${result}`);
    assert.equal((await ask()).code, code);
    assert.equal(server.asked, asked + 1, 'asked again though it was just refused');
    simulated.answer = answer;
    await clock.pass(30_000);
    grants(await change(session, clock.now(), { open: [wanted(clock.now())] }));
  }
});

test('NO_RESOURCES stops every new mapping for its time; another error only its own', async () => {
  await using bench = await openPcpBench();
  const { server, clock, simulated } = bench;
  const session = await bench.connect();
  const refuse =
    (result: number): Mishap =>
    (_, send) => {
      const request = parsePcpRequest(last);
      if (request) send(buildPcpResponse({ ...request, result, lifetime: 30, epoch: simulated.epoch }));
    };
  let last = new Uint8Array();
  const answer = simulated.answer.bind(simulated);
  simulated.answer = (bytes, from) => {
    last = Uint8Array.from(bytes);
    return answer(bytes, from);
  };
  const open = (n: number) => change(session, clock.now(), { open: [wanted(clock.now(), n)] });
  server.mishaps.push(refuse(pcpResult.userExQuota));
  assert.equal(refusalIn(await open(0)).code, 'quota-exceeded');
  grants(await open(1));
  server.mishaps.push(refuse(pcpResult.noResources));
  assert.equal(refusalIn(await open(2)).code, 'ports-exhausted');
  const before = server.asked;
  const another = refusalIn(await open(3));
  assert.deepEqual([another.code, another.subject], ['ports-exhausted', 's1-3']);
  assert.equal(server.asked, before);
});

test('a gateway that speaks NAT-PMP alone is not taken for one that speaks PCP', async () => {
  await using bench = await openPcpBench({ families: [4] });
  bench.simulated.answer = () => buildNatPmpResponse({ kind: 'error', result: 1, epoch: 5, opcode: 0 });
  await assert.rejects(bench.connect(), /NAT-PMP alone: register it as nat-pmp/);
  const asked = bench.server.asked;
  await assert.rejects(bench.connect(), /NAT-PMP/);
  assert.equal(bench.server.asked, asked, 'asked again within half an hour');
  await bench.clock.pass(1_800_000);
  await assert.rejects(bench.connect(), /NAT-PMP/);
  assert.ok(bench.server.asked > asked);
});

test('where nothing listens nothing was done', async () => {
  await using bench = await openPcpBench();
  const session = await bench.connect();
  await bench.server[Symbol.asyncDispose]();
  const outcome = await change(session, bench.clock.now(), { open: [wanted(bench.clock.now())] });
  assert.equal(refusalIn(outcome).code, 'gateway-offline');
  await using closed = await openPcpBench();
  await closed.server[Symbol.asyncDispose]();
  await assert.rejects(closed.connect(), { name: 'Unreachable' });
  bench.server[Symbol.asyncDispose] = closed.server[Symbol.asyncDispose] = async () => {};
});
