import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import type { GrantedOpening, Opening, PromiseName } from '@sluice/model';
import { connectionPair } from '@sluice/mtp';
import { createAgent } from '@sluice/usp-agent';
import { type AgentListener, UspController } from '@sluice/usp-controller';
import { AddressBook } from '@sluice/usp-gateway';
import { portMappingTable } from '@sluice/wire/usp';
import { descriptionOf, readDescription } from './description.ts';
import { uspDriver } from './index.ts';
import { StandardAgent, type StandardAgentOptions } from './test/standard-agent.ts';

const deaf: AgentListener = { online() {}, offline() {}, booted() {}, notified() {}, troubled() {} };
const ruleTable = 'Device.Firewall.Chain.2.Rule.';
const weak: readonly PromiseName[] = [
  'remotePort',
  'streamType',
  'revokeStopsRunning',
  'narrowingOverRestart',
  'symmetricSource',
];

async function met(t: { after(act: () => unknown): void }, options: Omit<StandardAgentOptions, 'clock'>) {
  const clock = new VirtualClock();
  const cpe = new StandardAgent({ ...options, clock });
  const names = { oui: '00D09E', productClass: 'CPE', serialNumber: '1' };
  const agent = createAgent({
    endpointId: 'self::cpe-1',
    softwareVersion: '1',
    device: names,
    controllers: [{ endpointId: 'self::configuration-1' }],
    models: [cpe.model],
    clock,
    log: silentLog,
  });
  const [ours, theirs] = connectionPair('self::configuration-1', 'self::cpe-1');
  const controller = new UspController({
    endpointId: 'self::configuration-1',
    clock,
    listener: deaf,
    branches: ['Device.NAT.', 'Device.Firewall.'],
    idPrefix: 'c-',
  });
  t.after(async () => {
    await controller[Symbol.asyncDispose]();
    agent.close();
  });
  agent.attach(theirs);
  controller.take(ours);
  const driver = uspDriver({ controller, clock, addressBook: new AddressBook() });
  const gateway = { gatewayId: 'self::cpe-1', type: 'usp' as const, communication: {} };
  const session = await driver.connect(gateway, AbortSignal.timeout(5_000));
  const carryOut = async (change: {
    open?: Opening[];
    close?: GrantedOpening[];
    renew?: { opening: GrantedOpening; until: number }[];
  }) => {
    const whole = { gateway, open: [], close: [], renew: [], ...change };
    const outcomes = [];
    for (const step of driver.plan(whole, undefined, clock.now()).steps)
      outcomes.push(await session.apply(step, AbortSignal.timeout(5_000)));
    return outcomes;
  };
  const video: Opening = {
    id: 's1-0',
    streamType: 'rtp',
    payloadType: 96,
    remote: { address: '203.0.113.10', port: 7000 },
    globalPort: 20_000,
    local: { address: '192.168.1.2', port: 5000 },
    until: clock.now() + 30_000,
    mayLack: weak,
  };
  return { clock, cpe, session, carryOut, video };
}

test('a port mapping says what the standard can say; the rest stands in its description', async (t) => {
  const { cpe, session, carryOut, video } = await met(t, { leases: true });
  const [outcome] = await carryOut({ open: [video] });
  assert.ok(outcome?.kind === 'applied' && outcome.seen, JSON.stringify(outcome));
  assert.deepEqual(outcome.granted[0]?.global, { address: '203.0.113.1', port: 20_000 });
  const [row] = cpe.rows(portMappingTable);
  const { Alias, RemoteHost, ExternalPort, InternalClient, InternalPort, Protocol, Interface, Description } =
    Object.fromEntries(row?.values ?? []);
  assert.deepEqual(
    [Alias, RemoteHost, ExternalPort, InternalClient, InternalPort, Protocol, Interface, Description],
    ['s1-0', '203.0.113.10', '20000', '192.168.1.2', '5000', 'UDP', 'Device.IP.Interface.2', 'Sluice s1-0 rtp 96 7000'],
  );
  assert.equal(session.traits?.sourcePort, false);
  assert.deepEqual(session.traits?.families, [4]);
});

test("where rules are ours to make, one drops what comes from another port than the server's, and lives as long", async (t) => {
  const { cpe, session, carryOut, video, clock } = await met(t, { leases: true, rules: true });
  assert.equal(session.traits?.sourcePort, true);
  const [outcome] = await carryOut({ open: [{ ...video, mayLack: weak.filter((name) => name !== 'remotePort') }] });
  assert.ok(outcome?.kind === 'applied', JSON.stringify(outcome));
  const rule = () => Object.fromEntries(cpe.rows(ruleTable)[0]?.values ?? []);
  const { Target, SourceIP, SourcePort, SourcePortExclude, DestIP, DestPort, Protocol } = rule();
  assert.deepEqual(
    [Target, SourceIP, SourcePort, SourcePortExclude, DestIP, DestPort, Protocol],
    ['Drop', '203.0.113.10', '7000', 'true', '192.168.1.2', '5000', '17'],
  );
  const endOf = () => Date.parse(rule().ExpiryDate ?? '') - clock.now();
  assert.ok(endOf() >= 30_000 && endOf() <= 100_000);
  await clock.pass(10_000);
  const granted = outcome.granted[0];
  assert.ok(granted);
  await carryOut({ renew: [{ opening: granted, until: clock.now() + 300_000 }] });
  assert.ok(endOf() >= 300_000);
  await carryOut({ close: [granted] });
  assert.deepEqual([cpe.rows(ruleTable).length, cpe.rows(portMappingTable).length], [0, 0]);
});

test('a rule that is gone: the opening is told as it is, and its rule with the mapping where that is gone', async (t) => {
  const { cpe, session, carryOut, video } = await met(t, { leases: true, rules: true });
  const [outcome] = await carryOut({ open: [video] });
  assert.ok(outcome?.kind === 'applied', JSON.stringify(outcome));
  const granted = outcome.granted.map(({ mayLack: _, ...opening }) => opening);
  const remotes = async () =>
    (await session.observe(granted, AbortSignal.timeout(5_000))).ours.map(({ opening }) => opening.remote);
  assert.deepEqual(await remotes(), [video.remote]);
  const [rule] = cpe.rows(ruleTable);
  cpe.model.put(rule?.path ?? '', { SourcePortExclude: 'false' });
  assert.deepEqual(await remotes(), [{ address: '203.0.113.10' }]);
  cpe.model.put(rule?.path ?? '', { SourcePortExclude: 'true' });
  cpe.model.drop(cpe.rows(portMappingTable)[0]?.path ?? '');
  assert.deepEqual(await remotes(), []);
  assert.deepEqual(cpe.rows(ruleTable), []);
});

test('a rule that narrows nothing is seen: refused and taken back, or named and without the rule', async (t) => {
  const { cpe, session, carryOut, video } = await met(t, { leases: true, rules: true });
  cpe.model.observe((event) => {
    if (event.kind === 'created' && event.object.startsWith(ruleTable))
      cpe.model.put(event.object, { SourcePortExclude: 'false' });
  });
  const strict = weak.filter((name) => name !== 'remotePort');
  const [refused] = await carryOut({ open: [{ ...video, mayLack: strict }] });
  assert.equal(refused?.kind === 'refused' && refused.refusal.code, 'cannot-hold', JSON.stringify(refused));
  assert.deepEqual([cpe.rows(ruleTable), cpe.rows(portMappingTable)], [[], []]);
  const [weaker] = await carryOut({ open: [video] });
  assert.ok(weaker?.kind === 'applied', JSON.stringify(weaker));
  assert.deepEqual(weaker.granted[0]?.lacks, ['remotePort']);
  assert.deepEqual([cpe.rows(ruleTable).length, cpe.rows(portMappingTable).length], [0, 1]);
  const { ours } = await session.observe(weaker.granted, AbortSignal.timeout(5_000));
  assert.deepEqual(
    ours.map(({ opening }) => [opening.remote, opening.lacks]),
    [[video.remote, ['remotePort']]],
  );
});

test('a rule has no end where it could end before its mapping', async (t) => {
  for (const options of [{ leases: true, clockAheadMs: 90_000 }, { leases: false }]) {
    const { cpe, carryOut, video } = await met(t, { rules: true, ...options });
    const [outcome] = await carryOut({ open: [{ ...video, mayLack: [...weak, 'lease'] }] });
    assert.ok(outcome?.kind === 'applied', JSON.stringify(outcome));
    assert.equal(cpe.rows(ruleTable)[0]?.values.get('ExpiryDate'), '9999-12-31T23:59:59Z');
  }
});

test('an agent that takes a RemoteHost and keeps none: refused and taken back, or named where it may be', async (t) => {
  const { cpe, carryOut, video } = await met(t, { leases: true, ignoresRemoteHost: true });
  cpe.model.observe((event) => {
    if (event.kind === 'created' && event.object.startsWith(portMappingTable))
      cpe.model.put(event.object, { RemoteHost: '' });
  });
  const [refused] = await carryOut({ open: [video] });
  assert.equal(refused?.kind === 'refused' && refused.refusal.code, 'cannot-hold', JSON.stringify(refused));
  assert.deepEqual(cpe.rows(portMappingTable), []);
  const [weaker] = await carryOut({ open: [{ ...video, mayLack: [...weak, 'remoteAddress'] }] });
  assert.ok(weaker?.kind === 'applied', JSON.stringify(weaker));
  assert.deepEqual(weaker.granted[0]?.lacks, ['remoteAddress', 'remotePort']);
  assert.deepEqual(weaker.granted[0]?.remote, video.remote);
});

test('an agent that takes an opening and does not enable it: refused, and taken back', async (t) => {
  const { cpe, carryOut, video } = await met(t, { leases: true });
  cpe.model.observe((event) => {
    if (event.kind === 'created' && event.object.startsWith(portMappingTable))
      cpe.model.put(event.object, { Enable: 'false' });
  });
  const [outcome] = await carryOut({ open: [video] });
  assert.equal(outcome?.kind === 'refused' && outcome.refusal.code, 'gateway-refused', JSON.stringify(outcome));
  assert.deepEqual(cpe.model.instances(portMappingTable, { endpointId: 'self::configuration-1' }), []);
});

test("a description is read as it was written, and nobody else's", () => {
  const opening: Opening = {
    id: 's1-0',
    streamType: 'tcp',
    remote: { address: '203.0.113.10' },
    local: { port: 5000 },
    until: 0,
  };
  assert.deepEqual(readDescription(descriptionOf(opening)), { id: 's1-0', streamType: 'tcp' });
  for (const other of [
    '',
    'Sluice',
    'Sluice s1-0',
    'Sluice s1-0 gopher - -',
    'Sluice 1s tcp - -',
    'Skype UDP at 192.168.1.2',
    'Sluice s1-0 tcp - - x',
  ])
    assert.equal(readDescription(other), undefined, other);
});
