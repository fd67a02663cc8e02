import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewaySession } from '@sluice/driver';
import type { GrantedOpening, Opening, Outcome, PromiseName } from '@sluice/model';
import { momentIn, never } from '@sluice/wire/tr181';
import type { CwmpStep } from './plan.ts';
import { type BenchOptions, type CwmpBench, cwmpBench } from './test/bench.ts';
import { fault } from './test/cpe/data-tree.ts';
import type { Quirks, Trick } from './test/cpe/quirks.ts';

const patient = () => AbortSignal.timeout(5_000);
/** What a deployment that says nothing allows, but for the one that a rule holds. */
const strict: readonly PromiseName[] = ['streamType', 'revokeStopsRunning', 'narrowingOverRestart', 'symmetricSource'];
const loose: readonly PromiseName[] = [...strict, 'remotePort'];

interface Scene extends AsyncDisposable {
  readonly bench: CwmpBench;
  readonly session: GatewaySession<CwmpStep>;
  film(more?: Partial<Opening>): readonly Opening[];
  carryOut(change: Parts): Promise<Outcome>;
  observed(believed?: readonly GrantedOpening[]): Promise<readonly GrantedOpening[]>;
}

interface Parts {
  readonly open?: readonly Opening[];
  readonly close?: readonly GrantedOpening[];
  readonly renew?: readonly { readonly opening: GrantedOpening; readonly until: number }[];
}

async function scene(options: BenchOptions = {}): Promise<Scene> {
  const bench = await cwmpBench({ model: 'tr-181', rules: true, ...options });
  const session = await bench.driver.connect(bench.gateway, patient());
  return {
    bench,
    session,
    film: (more = {}) =>
      [0, 1, 2].map((n) => ({
        id: `s0-${n}`,
        streamType: n === 2 ? 'tcp' : 'udp',
        remote: { address: '203.0.113.10', port: 7_000 + n },
        local: { address: '192.168.1.2', port: 5_000 + n },
        until: bench.clock.now() + 60_000,
        mayLack: strict,
        ...more,
      })),
    async carryOut(parts) {
      const change = { gateway: bench.gateway, open: [], renew: [], close: [], ...parts };
      const [step] = bench.driver.plan(change, undefined, bench.clock.now()).steps;
      assert.ok(step);
      return session.apply(step, patient());
    },
    observed: async (believed = []) => (await session.observe(believed, patient())).ours.map(({ opening }) => opening),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

const ruleRows = ({ bench }: Scene) => bench.cpe.model.tree.rows(bench.cpe.model.rules ?? '');
const mappingRows = ({ bench }: Scene) => bench.cpe.model.tree.rows(bench.cpe.model.mappings);
const ruleValue = (on: Scene, name: string) => on.bench.cpe.model.tree.value(`${ruleRows(on)[0]}${name}`);

function grantedBy(outcome: Outcome): readonly GrantedOpening[] {
  assert.ok(outcome.kind === 'applied', JSON.stringify(outcome));
  return outcome.granted;
}

/** As control remembers them: without what they might have lacked. */
const remembered = (openings: readonly GrantedOpening[]) => openings.map(({ mayLack: _, ...opening }) => opening);

test("one rule a mapping drops what comes from another port than the server's, in the same call, and goes with it", async () => {
  await using on = await scene();
  const { bench, session, film, carryOut, observed } = on;
  assert.equal(session.traits?.sourcePort, true);
  const granted = grantedBy(await carryOut({ open: film() }));
  assert.deepEqual(
    granted.map(({ remote, lacks }) => [remote.port, lacks]),
    [
      [7000, undefined],
      [7001, undefined],
      [7002, undefined],
    ],
  );
  assert.deepEqual(
    bench.cpe.rules.map(({ path: _, ...rule }) => rule),
    [0, 1, 2].map((n) => ({
      description: `sluice-s0-${n}`,
      transport: n === 2 ? 'tcp' : 'udp',
      source: '203.0.113.10',
      sourcePort: 7_000 + n,
      client: '192.168.1.2',
      clientPort: 5_000 + n,
    })),
  );
  assert.equal(bench.cpe.calls.filter(({ name }) => name === 'SetParameterValues').length, 1);
  // Its row and its rule tell where an opening comes from, also to a process that did not make it.
  bench.book.of('home').asked.clear();
  assert.deepEqual(
    (await observed()).map(({ remote }) => remote.port),
    [7000, 7001, 7002],
  );
  const [first, ...others] = remembered(granted);
  assert.ok(first);
  assert.equal((await carryOut({ close: [first] })).kind, 'applied');
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [2, 2]);
  assert.equal((await carryOut({ close: others })).kind, 'applied');
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 0]);
});

test('an opening for any port of its remote end needs no rule', async () => {
  await using on = await scene();
  const open = on.film({ remote: { address: '203.0.113.10' } }).slice(0, 1);
  assert.equal(grantedBy(await on.carryOut({ open }))[0]?.lacks, undefined);
  assert.equal(ruleRows(on).length, 0);
  assert.equal((await on.observed()).length, 1);
});

test('a rule ends a minute after its mapping, and is renewed with it', async () => {
  await using on = await scene();
  const { bench, film, carryOut } = on;
  const granted = grantedBy(await carryOut({ open: film() }));
  const endsIn = () => (momentIn(ruleValue(on, 'ExpiryDate') ?? '') ?? 0) - bench.clock.now();
  assert.equal(endsIn(), 120_000);
  const renew = remembered(granted).map((opening) => ({ opening, until: bench.clock.now() + 300_000 }));
  assert.equal(grantedBy(await carryOut({ renew })).length, 3);
  assert.equal(endsIn(), 360_000);
  await bench.clock.pass(301_000);
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 3]);
  await bench.clock.pass(60_000);
  assert.equal(ruleRows(on).length, 0);
});

test('a rule has no end where it could end before its mapping: another clock, no clock, no lease', async () => {
  const others: readonly Quirks[] = [{ clockAheadMs: 90_000 }, { clockAheadMs: 'unknown' }, { lease: 'refuses' }];
  for (const quirks of others) {
    await using on = await scene({ quirks });
    const granted = grantedBy(await on.carryOut({ open: on.film({ mayLack: [...strict, 'lease'] }) }));
    assert.equal(ruleValue(on, 'ExpiryDate'), never, JSON.stringify(quirks));
    if (quirks.lease) continue;
    const renew = remembered(granted).map((opening) => ({ opening, until: on.bench.clock.now() + 300_000 }));
    assert.equal((await on.carryOut({ renew })).kind, 'applied');
    // What nobody closed is found at the next look.
    await on.bench.clock.pass(301_000);
    assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 3]);
    assert.deepEqual(await on.observed(), []);
    assert.equal(ruleRows(on).length, 0);
  }
});

/** What befalls opening three streams, each a rule and a mapping; what is held after the next look. */
const mishaps: readonly { title: string; on: (call: string, nth: number) => boolean; trick: Trick; held: 0 | 3 }[] = [
  ...[1, 2, 3, 4, 5, 6].flatMap((at) =>
    (['lose-request', 'lose-answer'] as const).map((kind) => ({
      title: `${kind} at row ${at}`,
      on: (call: string, nth: number) => call === 'AddObject' && nth === at,
      trick: { kind },
      held: 0 as const,
    })),
  ),
  {
    title: 'row 6, a mapping, is refused',
    on: (call, nth) => call === 'AddObject' && nth === 6,
    trick: { kind: 'fault', fault: fault(9004, 'full') },
    held: 0,
  },
  {
    title: 'filling in is lost before it is done',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lose-request' },
    held: 0,
  },
  {
    title: 'filling in is lost after it was done',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lose-answer' },
    held: 3,
  },
  {
    title: 'filling in is refused',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'fault', fault: fault(9002, 'internal') },
    held: 0,
  },
  {
    title: 'filling in is a lie',
    on: (call) => call === 'SetParameterValues',
    trick: { kind: 'lie', answer: { name: 'SetParameterValuesResponse', status: 0 } },
    held: 0,
  },
];
for (const mayLack of [strict, loose])
  for (const { title, on: befalls, trick, held } of mishaps)
    test(`${title}, ${mayLack === strict ? 'the port is needed' : 'the port may lack'}: a mapping and its rule, or neither`, async () => {
      await using on = await scene();
      const { bench, film, carryOut, observed } = on;
      const foreign = bench.cpe.addForeign({ Description: 'household', Target: 'Accept' }, bench.cpe.model.rules);
      // Somebody else's rule that nothing was put into yet is not ours.
      const blank = bench.cpe.addForeign({}, bench.cpe.model.rules);
      let count = 0;
      bench.cpe.ambush(({ name }) => {
        if (name === 'AddObject') count++;
        return befalls(name, name === 'AddObject' ? count : 0);
      }, trick);
      await carryOut({ open: film({ mayLack }) });
      assert.equal((await observed()).length, held);
      assert.deepEqual([mappingRows(on).length, bench.cpe.rules.length], [held, held]);
      assert.deepEqual(ruleRows(on).slice(0, 2), [foreign, blank]);
      assert.equal(ruleRows(on).length, 2 + held);
      assert.equal(bench.book.of('home').doubts.any, false);
      assert.equal(grantedBy(await carryOut({ open: film({ mayLack }) })).length, 3);
      assert.deepEqual([mappingRows(on).length, bench.cpe.rules.length], [3, 3]);
    });

test('a chain that is full: all are refused where the port may not lack, else the one without a rule is named', async () => {
  for (const mayLack of [strict, loose]) {
    await using on = await scene();
    let count = 0;
    on.bench.cpe.ambush(({ name }) => name === 'AddObject' && ++count === 5, {
      kind: 'fault',
      fault: fault(9004, 'full'),
    });
    const outcome = await on.carryOut({ open: on.film({ mayLack }) });
    const held = mayLack === strict ? 0 : 3;
    assert.equal(outcome.kind, held === 0 ? 'refused' : 'applied');
    if (outcome.kind === 'applied')
      assert.deepEqual(
        outcome.granted.map(({ lacks }) => lacks),
        [undefined, undefined, ['remotePort']],
      );
    assert.deepEqual([mappingRows(on).length, ruleRows(on).length], held === 0 ? [0, 0] : [3, 2]);
    // Another time it may have room: nothing is learnt of its model.
    assert.equal(on.session.traits?.sourcePort, true);
  }
});

/** Devices on which no rule narrows anything, though they have a chain. */
const weak: readonly BenchOptions[] = [
  { quirks: { rules: 'read-only' } },
  { quirks: { rules: 'refuses' } },
  { quirks: { rules: 'ignores' } },
  { lacks: ['SourcePortExclude'] },
];
for (const options of weak)
  test(`${JSON.stringify(options)}: refused where the port may not lack, else named, and no rule is left`, async () => {
    await using on = await scene(options);
    const { bench, session, film, carryOut, observed } = on;
    const refused = await carryOut({ open: film() });
    assert.equal(refused.kind === 'refused' && refused.refusal.code, 'cannot-hold', JSON.stringify(refused));
    assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 0]);
    const granted = grantedBy(await carryOut({ open: film({ mayLack: loose }) }));
    assert.deepEqual(
      granted.map(({ lacks }) => lacks),
      [['remotePort'], ['remotePort'], ['remotePort']],
    );
    assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [3, 0]);
    assert.equal(session.traits?.sourcePort, false);
    const seen = await observed(remembered(granted));
    assert.deepEqual(
      seen.map(({ id, remote, lacks }) => [id, remote.port, lacks]),
      granted.map(({ id, remote, lacks }) => [id, remote.port, lacks]),
    );
    // What is known now is refused before anything is added.
    const adds = () => bench.cpe.calls.filter(({ name }) => name === 'AddObject').length;
    const before = adds();
    const again = await carryOut({ open: film().map((each) => ({ ...each, id: `${each.id}x` })) });
    assert.equal(again.kind === 'refused' && again.refusal.code, 'cannot-hold');
    assert.equal(adds(), before);
  });

test('a device whose faults tell nothing: tried without the rule where the port may lack', async () => {
  await using on = await scene({ quirks: { rules: 'refuses', saysLittle: true } });
  const refused = await on.carryOut({ open: on.film() });
  assert.equal(refused.kind, 'refused');
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 0]);
  const granted = grantedBy(await on.carryOut({ open: on.film({ mayLack: [...loose, 'lease', 'remoteAddress'] }) }));
  assert.deepEqual(granted[0]?.lacks, ['remotePort']);
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [3, 0]);
});

test('a mapping whose rule is gone, or was changed, lets in more than was granted: it goes too, until it is made anew', async () => {
  const changes: readonly [string, (on: Scene, rule: string) => void][] = [
    ['gone', ({ bench }, rule) => void bench.cpe.model.tree.remove(rule)],
    ['switched off', ({ bench }, rule) => bench.cpe.model.tree.write(`${rule}Enable`, '0')],
    ['another port', ({ bench }, rule) => bench.cpe.model.tree.write(`${rule}SourcePort`, '9')],
    ['accepts', ({ bench }, rule) => bench.cpe.model.tree.write(`${rule}Target`, 'Accept')],
  ];
  for (const [title, change] of changes) {
    await using on = await scene();
    const { film, carryOut, observed } = on;
    const granted = remembered(grantedBy(await carryOut({ open: film({ mayLack: loose }) })));
    change(on, ruleRows(on)[0] ?? '');
    // Also by a process that did not make it.
    on.bench.book.of('home').asked.clear();
    assert.deepEqual(
      (await observed(granted)).map(({ id }) => id),
      ['s0-1', 's0-2'],
      title,
    );
    assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [2, 2], title);
    assert.equal(grantedBy(await carryOut({ open: film().slice(0, 1) })).length, 1);
    assert.deepEqual([mappingRows(on).length, on.bench.cpe.rules.length], [3, 3], title);
  }
});

test('what was granted with a rule is not called held without one, whoever asks', async () => {
  await using on = await scene();
  await on.carryOut({ open: on.film({ mayLack: loose }) });
  on.bench.cpe.model.tree.remove(ruleRows(on)[0] ?? '');
  assert.deepEqual(
    (await on.observed()).map(({ id }) => id),
    ['s0-1', 's0-2'],
  );
});

test('after a loss of power rules that narrow nothing any more go, and are made anew with their mappings', async () => {
  await using on = await scene();
  const { bench, film, carryOut, observed } = on;
  const granted = remembered(grantedBy(await carryOut({ open: film() })));
  await bench.cpe.restart();
  assert.deepEqual([mappingRows(on).length, ruleRows(on).length], [0, 3]);
  assert.deepEqual(await observed(granted), []);
  assert.equal(ruleRows(on).length, 0);
  assert.equal(grantedBy(await carryOut({ open: film() })).length, 3);
  assert.deepEqual([mappingRows(on).length, bench.cpe.rules.length], [3, 3]);
});

test('a chain that is not in effect, is none of ours, or takes no rules narrows nothing', async () => {
  const changes: readonly ((tree: CwmpBench['cpe']['model']['tree']) => void)[] = [
    (tree) => tree.write('Device.Firewall.Config', 'High'),
    (tree) => tree.write('Device.Firewall.Chain.2.Creator', 'UserInterface'),
    (tree) => tree.write('Device.Firewall.Level.1.Chain', 'Device.Firewall.Chain.1'),
    (tree) => void tree.readOnly.add('Device.Firewall.Chain.2.Rule.'),
  ];
  for (const [index, change] of changes.entries()) {
    await using bench = await cwmpBench({ model: 'tr-181', rules: true });
    change(bench.cpe.model.tree);
    await using session = await bench.driver.connect(bench.gateway, patient());
    assert.equal(session.traits?.sourcePort, false, String(index));
  }
});
