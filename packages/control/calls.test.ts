import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import type { CallParty, CallRequest, GrantedOpening, Traits } from '@sluice/model';
import { openWorld, patient, type World } from './test/home.ts';
import { type Mishap, SimulatedGateway, strongTraits } from './test/simulated-gateway.ts';

interface Homes extends World {
  readonly first: SimulatedGateway;
  readonly second: SimulatedGateway;
}

/** Two homes with a telephone each, behind `self::gateway-1` (203.0.113.1) and `self::gateway-2` (203.0.113.2). */
async function openHomes(traits: Partial<Traits> = {}): Promise<Homes> {
  const clock = new VirtualClock();
  const first = new SimulatedGateway(clock, { ...strongTraits, ...traits }, 'self::gateway-1');
  const second = new SimulatedGateway(clock, { ...strongTraits, ...traits }, 'self::gateway-2');
  second.addresses = { ...second.addresses, global: ['203.0.113.2'] };
  const world = await openWorld(clock, [first, second]);
  const { registrations } = world.control;
  await registrations.putAppliance({ applianceId: 'phone:alice', gatewayId: 'self::gateway-1' });
  await registrations.putAppliance({ applianceId: 'phone:bob', gatewayId: 'self::gateway-2' });
  await registrations.putAppliance({ applianceId: 'phone:carol', gatewayId: 'self::gateway-1' });
  return Object.defineProperties(world, { first: { value: first }, second: { value: second } }) as Homes;
}

const party = (name: string, address: string, port: number): CallParty => ({
  applianceId: `phone:${name}`,
  flow: { portal: { address: '203.0.113.20', port: 5060 }, observed: { address, port: 40_000 } },
  localAddresses: ['192.168.1.2'],
  streams: [
    { id: 'audio', streamType: 'rtp', localPort: port },
    { id: 'audio-rtcp', streamType: 'rtcp', localPort: port + 1, pairedWith: 'audio' },
  ],
});

const alice = party('alice', '203.0.113.1', 4000);
const bob = party('bob', '203.0.113.2', 6000);

const call = (parts: Partial<CallRequest> = {}): CallRequest => ({
  requestId: 'c1',
  contentId: 'call',
  portalId: 'self::portal-1',
  caller: alice,
  callee: bob,
  ...parts,
});

const globals = (openings: readonly GrantedOpening[]) =>
  openings.map(({ global }) => `${global.address} ${global.port}`);
const remotes = (openings: readonly GrantedOpening[]) =>
  openings.map(({ remote }) => `${remote.address} ${remote.port}`);

test('each home lets in the other one: its global address and ports, and nobody else', async () => {
  await using homes = await openHomes();
  const { first, second, control, until } = homes;
  const verdict = await until(control.openCall(call(), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.equal(first.held.length, 2);
  assert.deepEqual(remotes(first.held), globals(second.held));
  assert.deepEqual(remotes(second.held), globals(first.held));
  assert.deepEqual(
    second.held.map(({ local }) => local),
    [6000, 6001].map((port) => ({ address: '192.168.1.2', port })),
  );
  const { session } = verdict;
  assert.deepEqual(session?.hops, [{ gatewayId: 'self::gateway-1' }, { gatewayId: 'self::gateway-2', side: 'peer' }]);
  assert.deepEqual(
    session?.request.streams.map(({ remote }) => `${remote.address} ${remote.port}`),
    globals(second.held),
  );
  assert.equal((await control.sessions({ gatewayId: 'self::gateway-2' })).length, 1);
  await homes.clock.pass(300_000);
  assert.deepEqual([first.held.length, second.held.length], [2, 2]);
  await until(control.close(session?.sessionId ?? '', 'appliance-left', patient));
  assert.deepEqual([first.held, second.held], [[], []]);
});

test('asked again with the same id it is the same call; with another party it is a conflict', async () => {
  await using homes = await openHomes();
  const { control, until } = homes;
  const once = await until(control.openCall(call(), patient));
  const again = await until(control.openCall(call(), patient));
  assert.equal(again.session?.sessionId, once.session?.sessionId);
  const moved = { ...bob, streams: bob.streams.map((stream) => ({ ...stream, localPort: stream.localPort + 100 })) };
  const other = await until(control.openCall(call({ callee: moved }), patient));
  assert.equal(other.kind === 'refused' && other.refusal.code, 'request-conflict');
});

test('what was proposed is what is opened, and no two calls are told the same ports', async () => {
  await using homes = await openHomes();
  const { first, second, control, until } = homes;
  const { streams: _, ...unknown } = bob;
  const proposals = await Promise.all([control.proposeCall(alice, unknown), control.proposeCall(alice, unknown)]);
  assert.deepEqual([first.applied, second.applied], [[], []], 'nothing is opened by a proposal');
  const [one, two] = proposals.map((each) => ('way' in each && each.way === 'gateways' ? each : assert.fail()));
  assert.deepEqual(one?.addresses, { caller: '203.0.113.1', callee: '203.0.113.2' });
  const told = [one, two].flatMap((each) => Object.values(each?.ports.caller ?? {}));
  assert.equal(new Set(told).size, 4);
  const verdict = await until(control.openCall(call({ ...(one && { ports: one.ports }) }), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(
    globals(first.held),
    Object.values(one?.ports.caller ?? {}).map((port) => `203.0.113.1 ${port}`),
  );
  assert.deepEqual(
    globals(second.held),
    Object.values(one?.ports.callee ?? {}).map((port) => `203.0.113.2 ${port}`),
  );
});

test('a proposed port that somebody took meanwhile: the call is refused and neither home stays open', async () => {
  await using homes = await openHomes();
  const { first, second, control, until } = homes;
  const proposal = await control.proposeCall(alice, bob);
  assert.ok('way' in proposal && proposal.way === 'gateways');
  second.portsOfOthers.add(proposal.ports.callee.audio ?? 0);
  const verdict = await until(control.openCall(call({ ports: proposal.ports }), patient));
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'port-in-use');
  assert.deepEqual([first.held, second.held], [[], []]);
});

test('without a proposal a port that is taken is chosen anew, and the other home follows', async () => {
  await using homes = await openHomes();
  const { first, second, control, until } = homes;
  for (let port = 16_384; port < 25_000; port++) second.portsOfOthers.add(port);
  for (const port of [6000, 6001]) second.portsOfOthers.add(port);
  const verdict = await until(control.openCall(call(), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(remotes(first.held), globals(second.held));
});

test('within one home no gateway is asked', async () => {
  await using homes = await openHomes();
  const { first, control, until } = homes;
  const carol = { ...party('carol', '203.0.113.1', 7000), localAddresses: ['192.168.1.3'] };
  assert.deepEqual(await control.proposeCall(alice, carol), { way: 'direct' });
  const verdict = await until(control.openCall(call({ callee: carol }), patient));
  assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'same-home');
  assert.deepEqual(first.applied, []);
});

test('over IPv6 the devices are reached at themselves', async () => {
  await using homes = await openHomes();
  const { first, second, control, until } = homes;
  second.addresses = {
    global: ['203.0.113.2'],
    local: [{ address: '2001:db8:200::', length: 64 }],
    own: ['2001:db8:200::1'],
  };
  const at = (who: CallParty, address: string): CallParty => ({
    ...who,
    localAddresses: [],
    flow: { portal: { address: '2001:db8:1::20', port: 5060 }, observed: { address, port: 40_000 } },
  });
  const six = call({ caller: at(alice, '2001:db8:100::2'), callee: at(bob, '2001:db8:200::2') });
  const verdict = await until(control.openCall(six, patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
  assert.deepEqual(globals(first.held), ['2001:db8:100::2 4000', '2001:db8:100::2 4001']);
  assert.deepEqual(remotes(first.held), globals(second.held));
});

const mishaps: readonly Mishap[] = [
  { kind: 'request-lost' },
  { kind: 'cut', offline: true },
  { kind: 'refuse', refusal: { code: 'quota-exceeded', message: 'no' } },
];
for (const where of ['first', 'second'] as const)
  for (const mishap of mishaps)
    test(`${where} home, ${mishap.kind}: neither home stays open`, async () => {
      await using homes = await openHomes();
      homes[where].mishaps.push(mishap);
      const verdict = await homes.until(homes.control.openCall(call(), patient));
      assert.equal(verdict.kind, 'refused');
      await homes.clock.pass(10_000);
      assert.deepEqual([homes.first.held, homes.second.held], [[], []]);
    });

test('parties that do not speak of the same streams are refused', async () => {
  await using homes = await openHomes();
  const video = { id: 'video', streamType: 'rtp', localPort: 6002 } as const;
  for (const streams of [[...bob.streams, video], [bob.streams[0], video], []]) {
    const callee = { ...bob, streams: streams.filter((stream) => stream !== undefined) };
    const verdict = await homes.control.openCall(call({ callee }), patient);
    assert.equal(verdict.kind === 'refused' && verdict.refusal.code, 'malformed');
  }
  const swapped = { ...bob, streams: bob.streams.toReversed() };
  const verdict = await homes.until(homes.control.openCall(call({ callee: swapped }), patient));
  assert.equal(verdict.kind, 'granted', JSON.stringify(verdict));
});
