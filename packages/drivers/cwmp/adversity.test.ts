import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewaySession } from '@sluice/driver';
import type { GrantedOpening, Opening, Outcome, PromiseName } from '@sluice/model';
import { reasonToLook } from './index.ts';
import type { CwmpStep } from './plan.ts';
import { type BenchOptions, type CwmpBench, cwmpBench } from './test/bench.ts';
import { fault } from './test/cpe/data-tree.ts';
import type { Trick } from './test/cpe/quirks.ts';

const patient = () => AbortSignal.timeout(5_000);
/** What a deployment that says nothing allows, and these devices lack. */
const usual: readonly PromiseName[] = ['remotePort', 'streamType', 'revokeStopsRunning', 'symmetricSource'];

/** The five streams of a film. */
function film(bench: CwmpBench, more: Partial<Opening> = {}): readonly Opening[] {
  return [0, 1, 2, 3, 4].map((n) => ({
    id: `s0-${n}`,
    streamType: n === 4 ? 'tcp' : 'udp',
    remote: { address: '203.0.113.10', port: 7_000 + n },
    local: { address: '192.168.1.2', port: 5_000 + n },
    until: bench.clock.now() + 60_000,
    mayLack: usual,
    ...more,
  }));
}

async function opened(bench: CwmpBench): Promise<GatewaySession<CwmpStep>> {
  return bench.driver.connect(bench.gateway, patient());
}

async function open(
  bench: CwmpBench,
  session: GatewaySession<CwmpStep>,
  openings: readonly Opening[],
  signal = patient(),
): Promise<Outcome> {
  const change = { gateway: bench.gateway, open: openings, renew: [], close: [] };
  const [step] = bench.driver.plan(change, undefined, bench.clock.now()).steps;
  assert.ok(step);
  return session.apply(step, signal);
}

/** Paths of every row of the table of mappings. */
const rows = ({ cpe }: CwmpBench) => cpe.model.tree.rows(cpe.model.mappings);
const ids = async (session: GatewaySession<CwmpStep>, believed: readonly GrantedOpening[] = []) =>
  (await session.observe(believed, patient())).ours.map(({ opening }) => opening.id);

/** What befalls the third AddObject, the SetParameterValues, ... of opening the film, and what is left after a look. */
const mishaps: readonly {
  title: string;
  on: (call: string, nth: number) => boolean;
  trick: Trick;
  outcome: Outcome['kind'];
  held: 0 | 5;
}[] = [
  {
    title: 'the connection breaks before a row is added',
    on: (call, nth) => call === 'AddObject' && nth === 3,
    trick: { kind: 'lose-request' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'the connection breaks after a row was added',
    on: (call, nth) => call === 'AddObject' && nth === 3,
    trick: { kind: 'lose-answer' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'the connection breaks before the rows are filled in',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lose-request' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'the connection breaks after the rows were filled in',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lose-answer' },
    outcome: 'unknown',
    held: 5,
  },
  {
    title: 'a row is refused',
    on: (call, nth) => call === 'AddObject' && nth === 4,
    trick: { kind: 'fault', fault: fault(9004, 'table full') },
    outcome: 'refused',
    held: 0,
  },
  {
    title: 'filling in is refused',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'fault', fault: fault(9002, 'internal') },
    outcome: 'refused',
    held: 0,
  },
  {
    title: 'it says that it added a row, and did not',
    on: (call, nth) => call === 'AddObject' && nth === 2,
    trick: { kind: 'lie', answer: { name: 'AddObjectResponse', instanceNumber: 99, status: 0 } },
    outcome: 'refused',
    held: 0,
  },
  {
    title: 'it says that it filled the rows in, and did not',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lie', answer: { name: 'SetParameterValuesResponse', status: 0 } },
    outcome: 'refused',
    held: 0,
  },
  {
    title: 'it puts the rows into effect only after a restart',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lie', answer: { name: 'SetParameterValuesResponse', status: 1 } },
    outcome: 'refused',
    held: 0,
  },
  {
    title: 'it answers twice',
    on: (call, nth) => call === 'AddObject' && nth === 2,
    trick: { kind: 'twice' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: "it answers with another call's answer",
    on: (call, nth) => call === 'AddObject' && nth === 2,
    trick: { kind: 'answer-before' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'it sends XML that is none',
    on: (call, nth) => call === 'AddObject' && nth === 2,
    trick: { kind: 'say', body: '<Envelope><Body><AddObjectResponse>' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'it sends an entity bomb',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'say', body: '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Envelope>&b;</Envelope>' },
    outcome: 'unknown',
    held: 0,
  },
  {
    title: 'it sends a megabyte',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'say', body: `<a>${'x'.repeat(1 << 20)}</a>` },
    outcome: 'unknown',
    held: 0,
  },
];

for (const model of ['tr-098', 'tr-181'] as const)
  for (const quirks of [{}, { reusesInstances: true, returnsCookie: false }])
    for (const { title, on, trick, outcome: expected, held } of mishaps)
      test(`${model}${quirks.reusesInstances ? ', instances reused' : ''}: ${title}; nothing of it is left half done`, async () => {
        await using bench = await cwmpBench({ model, quirks });
        const foreign = bench.cpe.addForeign({ ExternalPort: '9000', InternalClient: '192.168.1.3' });
        // Somebody else's row that nothing was put into yet is not ours.
        const blank = bench.cpe.addForeign({});
        await using session = await opened(bench);
        let count = 0;
        bench.cpe.ambush((call) => {
          if (call.name === 'AddObject') count++;
          return on(call.name, call.name === 'AddObject' ? count : 0);
        }, trick);
        const outcome = await open(bench, session, film(bench));
        assert.equal(outcome.kind, expected, JSON.stringify(outcome));
        assert.equal((await ids(session)).length, held);
        assert.deepEqual(rows(bench).slice(0, 2), [foreign, blank]);
        assert.equal(rows(bench).length, 2 + held, 'rows are left');
        assert.equal(bench.book.of('home').doubts.any, false);
        // And it can be asked again.
        const again = await open(bench, session, film(bench));
        assert.equal(again.kind, 'applied', JSON.stringify(again));
        assert.equal(rows(bench).length, 7);
      });

test('four identical opens leave one row each', async () => {
  await using bench = await cwmpBench();
  await using session = await opened(bench);
  const [one] = film(bench);
  assert.ok(one);
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => open(bench, session, [one])));
  const ports = outcomes.map((outcome) => outcome.kind === 'applied' && outcome.granted[0]?.globalPort);
  assert.equal(new Set(ports).size, 1);
  assert.equal(rows(bench).length, 1);
});

test('a device that loses power half-way: nobody is told more than is known, and its rows are gone when it is back', async () => {
  for (const done of [true, false]) {
    await using bench = await cwmpBench();
    await using session = await opened(bench);
    bench.cpe.ambush((call) => call.name === 'AddObject' && bench.cpe.calls.length > 4, { kind: 'power-off', done });
    const outcome = await open(bench, session, film(bench), AbortSignal.timeout(400));
    assert.equal(outcome.kind, 'unknown');
    await assert.rejects(session.observe([], AbortSignal.timeout(200)));
    await bench.cpe.restart();
    assert.deepEqual(await ids(session), []);
    assert.equal(rows(bench).length, 0);
  }
});

test('what a process before this one left half done is told by the device itself', async () => {
  for (const blanksOfOthers of [0, 1]) {
    await using bench = await cwmpBench();
    const { cpe } = bench;
    const others = Array.from({ length: blanksOfOthers }, () => cpe.addForeign({}));
    const key = `${cpe.model.root}ManagementServer.ParameterKey`;
    const call = { name: 'AddObject', objectName: cpe.model.mappings, parameterKey: `sluice-adding-${blanksOfOthers}` };
    await cpe.answer(call as Parameters<typeof cpe.answer>[0]);
    await cpe.inform('2 PERIODIC');
    assert.equal(bench.acs.contact('home')?.parameters.get(key), call.parameterKey);
    await using session = await opened(bench);
    assert.deepEqual(await ids(session), []);
    // Which of two rows without values is ours, nobody can tell: both stay.
    assert.equal(rows(bench).length, blanksOfOthers === 0 ? 0 : 2);
    assert.deepEqual(rows(bench).slice(0, blanksOfOthers), others);
  }
});

test('an answer that comes when nobody waits any more: what was begun is taken back, or is seen', async () => {
  for (const name of ['AddObject', 'SetParameterValues'] as const) {
    await using bench = await cwmpBench();
    await using session = await opened(bench);
    const { promise: until, resolve } = Promise.withResolvers<void>();
    bench.cpe.ambush(name, { kind: 'late', until });
    const outcome = await open(bench, session, film(bench), AbortSignal.timeout(200));
    assert.equal(outcome.kind, 'unknown');
    const looking = ids(session);
    resolve();
    const held = await looking;
    assert.equal(held.length, name === 'AddObject' ? 0 : 5);
    assert.equal(rows(bench).length, held.length);
  }
});

test('one of five streams refused is named, and all are taken back', async () => {
  await using bench = await cwmpBench();
  await using session = await opened(bench);
  const openings = film(bench).map((each, n) =>
    n === 2 ? { ...each, local: { ...each.local, address: '10.0.0.9' } } : each,
  );
  const outcome = await open(bench, session, openings);
  assert.equal(outcome.kind === 'refused' && outcome.refusal.subject, 's0-2');
  assert.equal(rows(bench).length, 0);
});

/** What devices do not take or do not keep, and what comes of it without and with leave. */
const weak: readonly { quirks: NonNullable<BenchOptions['quirks']>; lacks: PromiseName; learns: boolean }[] = [
  { quirks: { remoteHost: 'refuses' }, lacks: 'remoteAddress', learns: true },
  { quirks: { remoteHost: 'ignores' }, lacks: 'remoteAddress', learns: true },
  { quirks: { lease: 'refuses' }, lacks: 'lease', learns: true },
  { quirks: { lease: 'ignores' }, lacks: 'lease', learns: true },
  { quirks: { remoteHost: 'refuses', saysLittle: true }, lacks: 'remoteAddress', learns: false },
  { quirks: { lease: 'refuses', saysLittle: true }, lacks: 'lease', learns: false },
];
for (const model of ['tr-098', 'tr-181'] as const)
  for (const { quirks, lacks, learns } of weak)
    test(`${model}, ${JSON.stringify(quirks)}: refused unless it may lack ${lacks}, and then told`, async () => {
      await using bench = await cwmpBench({ model, quirks });
      await using session = await opened(bench);
      const strict = await open(bench, session, film(bench));
      assert.equal(strict.kind === 'refused' && strict.refusal.code, learns ? 'cannot-hold' : 'gateway-refused');
      assert.equal(rows(bench).length, 0);
      const loose = await open(bench, session, film(bench, { mayLack: [...usual, 'remoteAddress', 'lease'] }));
      assert.equal(loose.kind, 'applied', JSON.stringify(loose));
      if (loose.kind !== 'applied') return;
      assert.deepEqual([...new Set(loose.granted.flatMap((each) => each.lacks ?? []))], [lacks]);
      assert.equal(loose.granted[0]?.remote.address, '203.0.113.10');
      const { traits } = session;
      assert.equal(traits?.sourceAddress, lacks !== 'remoteAddress');
      assert.equal(traits?.lease === undefined, lacks === 'lease');
      // What is known now is refused before anything is added.
      const added = bench.cpe.calls.filter(({ name }) => name === 'AddObject').length;
      const again = await open(
        bench,
        session,
        film(bench).map((each) => ({ ...each, id: `${each.id}x` })),
      );
      assert.equal(again.kind === 'refused' && again.refusal.code, 'cannot-hold');
      assert.equal(bench.cpe.calls.filter(({ name }) => name === 'AddObject').length, added);
      // What it holds is seen as it was granted.
      const seen = await session.observe(loose.granted, patient());
      assert.deepEqual(
        seen.ours.map(({ opening }) => [opening.id, opening.remote, opening.lacks]),
        loose.granted.map(({ id, remote, lacks: told }) => [id, remote, told]),
      );
    });

test('rows without what an opening needs are not made do with', async () => {
  for (const [model, lacks, code] of [
    ['tr-098', 'PortMappingProtocol', 'trait-missing'],
    ['tr-181', 'Protocol', 'trait-missing'],
    ['tr-098', 'PortMappingDescription', 'trait-missing'],
    ['tr-098', 'RemoteHost', 'cannot-hold'],
    ['tr-181', 'LeaseDuration', 'cannot-hold'],
  ] as const) {
    await using bench = await cwmpBench({ model, lacks: [lacks] });
    await using session = await opened(bench);
    const outcome = await open(bench, session, film(bench));
    assert.equal(outcome.kind === 'refused' && outcome.refusal.code, code, `${lacks}: ${JSON.stringify(outcome)}`);
    assert.equal(rows(bench).length, 0);
  }
});

test('a description that is cut off tells nobody whose a row is', async () => {
  await using bench = await cwmpBench({ quirks: { descriptionLength: 8 } });
  await using session = await opened(bench);
  const outcome = await open(bench, session, film(bench));
  assert.match(outcome.kind === 'refused' ? outcome.refusal.message : '', /description/);
  assert.equal(rows(bench).length, 0);
});

test('a global port that somebody took meanwhile: another one where none was named, else told', async () => {
  await using bench = await cwmpBench();
  await using session = await opened(bench);
  bench.cpe.ambush('SetParameterValues', () => {
    const wrong = { name: `${rows(bench)[0]}ExternalPort`, code: 9003, message: 'used by the web server' };
    return { kind: 'fault', fault: fault(9003, 'Invalid arguments', [wrong]) };
  });
  const picked = await open(bench, session, film(bench));
  assert.equal(picked.kind, 'applied', JSON.stringify(picked));
  const [first] = picked.kind === 'applied' ? picked.granted : [];
  assert.ok(first);
  const rival = film(bench, { globalPort: first.globalPort })
    .slice(0, 1)
    .map((each) => ({ ...each, id: 'other-0' }));
  const refused = await open(bench, session, rival);
  assert.equal(refused.kind === 'refused' && refused.refusal.code, 'port-in-use');
});

test('a device that lost its rows, or has another address, is looked at', async () => {
  const idle = { hasOpenings: false, isExpected: false };
  await using bench = await cwmpBench();
  const { cpe, book, acs } = bench;
  const look = (more = idle) => {
    const contact = acs.contact('home');
    assert.ok(contact);
    return reasonToLook('home', contact, book, more)?.why;
  };
  assert.equal(look(), 'it started');
  await using session = await opened(bench);
  await open(bench, session, film(bench));
  await bench.clock.pass(3_100);
  await cpe.inform('2 PERIODIC');
  assert.equal(look(), undefined);
  assert.equal(look({ hasOpenings: true, isExpected: false }), 'it holds openings');
  assert.equal(look({ hasOpenings: true, isExpected: true }), undefined);
  cpe.model.tree.write(cpe.model.mappings.replace('PortMapping.', 'ExternalIPAddress'), '203.0.113.9');
  await cpe.inform('4 VALUE CHANGE');
  assert.equal(look(), 'it has another address');
  assert.deepEqual((await session.addresses(patient())).global, ['203.0.113.9']);
  await cpe.restart();
  assert.equal(look({ hasOpenings: true, isExpected: true }), 'it started');
  assert.deepEqual(await ids(session), []);
  await cpe.restart(true);
  assert.equal(look(), 'it was reset');
});

test('a row of ours that the household switched off is taken away, and is not called held', async () => {
  await using bench = await cwmpBench();
  await using session = await opened(bench);
  await open(bench, session, film(bench));
  const [first] = rows(bench);
  bench.cpe.model.tree.write(`${first}PortMappingEnabled`, '0');
  assert.deepEqual(await ids(session), ['s0-1', 's0-2', 's0-3', 's0-4']);
  assert.equal(rows(bench).length, 4);
});

test('renewing at a device that keeps no leases asks it only when the last look is old', async () => {
  await using bench = await cwmpBench({ quirks: { lease: 'refuses' } });
  await using session = await opened(bench);
  const outcome = await open(bench, session, film(bench, { mayLack: [...usual, 'lease'] }));
  assert.ok(outcome.kind === 'applied');
  const renew = outcome.granted.map((opening) => ({ opening, until: bench.clock.now() + 60_000 }));
  const [step] = bench.driver.plan({ gateway: bench.gateway, open: [], close: [], renew }, undefined, 0).steps;
  assert.ok(step);
  const before = bench.cpe.calls.length;
  assert.equal((await session.apply(step, patient())).kind, 'applied');
  assert.equal(bench.cpe.calls.length, before);
  await bench.clock.pass(301_000);
  for (const row of rows(bench)) bench.cpe.model.tree.remove(row);
  assert.equal((await session.apply(step, patient())).kind, 'refused');
});

test("a device that names somebody else's row as the new one: that row is not touched", async () => {
  await using bench = await cwmpBench();
  const values = { ExternalPort: '9000', InternalClient: '192.168.1.3', PortMappingDescription: 'console' };
  const foreign = bench.cpe.addForeign(values);
  await using session = await opened(bench);
  const instanceNumber = Number(foreign.split('.').at(-2));
  bench.cpe.ambush('AddObject', { kind: 'lie', answer: { name: 'AddObjectResponse', instanceNumber, status: 0 } });
  const outcome = await open(bench, session, film(bench));
  assert.match(outcome.kind === 'refused' ? outcome.refusal.message : '', /named one that was there/);
  assert.deepEqual(rows(bench), [foreign]);
  for (const [name, value] of Object.entries(values))
    assert.equal(bench.cpe.model.tree.value(`${foreign}${name}`), value);
});
