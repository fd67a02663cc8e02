import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HomeSightings, isSecretMember } from '@sluice/model';
import { desk, nothing, outside } from './test/desk.ts';

const server = { address: '192.168.1.1', version: 2, epoch: 1 };
const igd = {
  ...{ address: '192.168.1.1', udn: 'uuid:1', manufacturer: 'M', model: 'R', server: 'R/1', version: 2 },
  ...{ connected: true, external: outside, firewall: false, isDefaultRouter: true },
};
const agent = { address: '192.168.1.1', endpointId: 'self::gateway-1', isProven: true };

test('off, and for whom an operator registered, nobody looks', async () => {
  const off = desk({ ...nothing, igd }, 'off');
  assert.equal(await off.contact(), undefined);
  const on = desk({ ...nothing, igd });
  await on.registrations.putGateway({ gatewayId: 'g', type: 'cwmp', communication: {} });
  await on.registrations.putAppliance({ applianceId: 'tv', gatewayId: 'g' });
  await on.refusedWith('gateway-offline');
  assert.equal(await on.contact(), undefined);
  assert.deepEqual([off.state.looks, on.state.looks, off.told, on.told], [0, 0, [], []]);
});

test('what the appliance sees is registered with the evidence, and without a secret', async () => {
  const { contact, registrations, told, clock } = desk({ ...nothing, igd, natPmp: server });
  assert.equal(await contact(), undefined);
  const evidence = {
    ...({ by: 'appliance', at: clock.now(), applianceId: 'tv', observed: outside } as const),
    sightings: { ...nothing, igd, natPmp: server },
  };
  const gateway = { gatewayId: 'igd-of-tv', type: 'igd', communication: { through: 'appliance' }, evidence } as const;
  assert.deepEqual(await registrations.gateway('igd-of-tv'), gateway);
  assert.deepEqual(await registrations.appliance('tv'), { applianceId: 'tv', gatewayId: 'igd-of-tv', evidence });
  assert.deepEqual(told, ['tv igd-of-tv igd appliance']);
  assert.ok(!Object.keys(gateway.communication).some((name) => isSecretMember('igd', name)));
});

test('the order: a registered address, who calls in, our agent, PCP, UPnP, NAT-PMP', async () => {
  const all = { ...nothing, agent, pcp: server, igd, natPmp: server };
  const steps: readonly (readonly [string, HomeSightings, (d: ReturnType<typeof desk>) => unknown])[] = [
    [
      'tv registered cwmp address',
      all,
      async (d) => {
        await d.registrations.putGateway({ gatewayId: 'registered', type: 'cwmp', communication: { password: 'p' } });
        d.known.set(outside, 'registered');
        d.call('self::other', outside);
      },
    ],
    ['tv self::other usp calls-in', all, (d) => d.call('self::other', outside, 'usp')],
    ['tv self::gateway-1 sluice agent', all, (d) => d.call('self::gateway-1', '2001:db8::1')],
    ['tv pcp-of-tv pcp appliance', all, () => {}],
    ['tv igd-of-tv igd appliance', { ...nothing, igd, natPmp: server }, () => {}],
    ['tv nat-pmp-of-tv nat-pmp appliance', { ...nothing, natPmp: server }, () => {}],
  ];
  for (const [expected, sees, prepare] of steps) {
    const one = desk(sees);
    await prepare(one);
    assert.equal(await one.contact(), undefined, expected);
    assert.deepEqual(one.told, [expected]);
    const registered = await one.registrations.gateway('registered');
    assert.equal(registered?.evidence, undefined, "an operator's registration stays as it is");
  }
});

test('two gateways that call in from one address are told apart by the certificate that the appliance saw, or not at all', async () => {
  const apart = desk({ ...nothing, agent });
  for (const id of ['self::gateway-1', 'self::gateway-2']) apart.call(id, outside);
  await apart.contact();
  assert.deepEqual(apart.told, ['tv self::gateway-1 sluice agent']);
  const alike = desk(nothing);
  for (const id of ['self::gateway-1', 'self::gateway-2']) alike.call(id, outside);
  assert.equal((await alike.contact())?.code, 'gateway-not-found');
  assert.deepEqual(alike.told, []);
});

const lease = { interface: 'eth0', keptBy: 'dhclient', routers: ['192.168.1.1'], pcpServers: [] } as const;

test('of several TR-069 devices at one address the one is taken that DHCP in the home names, if it is registered', async () => {
  const gateway = { oui: '00D09E', serialNumber: '2' };
  const sees = { ...nothing, natPmp: server, dhcp: { ...lease, gateway } };
  for (const [serial, expected] of [
    ['2', 'tv box-2 cwmp calls-in'],
    ['3', 'tv nat-pmp-of-tv nat-pmp appliance'],
  ] as const) {
    const { contact, calling, registrations, told } = desk(sees);
    for (const [gatewayId, number] of [
      ['box-1', '1'],
      ['box-2', serial],
    ] as const) {
      const communication = { oui: '00d09e', serial: number, password: 'p' };
      await registrations.putGateway({ gatewayId, type: 'cwmp', communication });
      calling.informed(gatewayId, outside);
    }
    await contact();
    assert.deepEqual(told, [expected]);
  }
  // Whoever answers DHCP may name any device; it has to call from there.
  const far = desk(sees);
  await far.registrations.putGateway({ gatewayId: 'box', type: 'cwmp', communication: { oui: '00D09E', serial: '2' } });
  far.calling.informed('box', '203.0.113.9');
  await far.contact();
  assert.deepEqual(far.told, ['tv nat-pmp-of-tv nat-pmp appliance']);
});

test('PCP that is served beside the router is registered with its address, and a device that nobody registered is told', async () => {
  const { contact, registrations } = desk({ ...nothing, pcp: { ...server, address: '192.168.1.9' } });
  await contact();
  const { communication } = (await registrations.gateway('pcp-of-tv')) ?? {};
  assert.deepEqual(communication, { through: 'appliance', address: '192.168.1.9' });
  const device = { ...lease, gateway: { oui: '00D09E', serialNumber: 'S-1' } };
  assert.match(
    (await desk({ ...nothing, dhcp: device }).contact())?.message ?? '',
    /by DHCP it is the TR-069 device 00D09E-S-1/,
  );
});

test('a gateway that has gone, or an agent that only says so, is not registered', async () => {
  const gone = desk({ ...nothing, agent });
  gone.call('self::gateway-1', outside, 'sluice', Promise.resolve());
  await Promise.resolve();
  assert.match((await gone.contact())?.message ?? '', /self::gateway-1 runs our agent and is not connected here/);
  const claims = desk({ ...nothing, agent: { ...agent, isProven: false } });
  claims.call('self::gateway-1', '203.0.113.9');
  assert.equal((await claims.contact())?.code, 'gateway-not-found');
  assert.deepEqual([gone.told, claims.told], [[], []]);
});

test('what is missing is said, and asked again only after a while', async () => {
  const { contact, state, clock, told } = desk();
  const refusal = await contact();
  assert.equal(refusal?.code, 'gateway-not-found');
  assert.match(refusal?.message ?? '', /igd: nobody answers a search.*turn UPnP, PCP or NAT-PMP on/);
  state.sees = { ...nothing, igd };
  assert.equal(await contact(), refusal);
  assert.equal(state.looks, 1);
  await clock.pass(10_000);
  assert.equal(await contact(), undefined);
  assert.deepEqual(told, ['tv igd-of-tv igd appliance']);
  const silent = desk('the appliance is not connected');
  assert.match((await silent.contact())?.message ?? '', /the appliance is not connected; register both/);
  await silent.contact();
  assert.equal(silent.state.looks, 2, 'who did not look is asked again at once');
});

test('requests of one appliance at once look once', async () => {
  const { contact, state, told } = desk({ ...nothing, igd });
  const { promise, resolve } = Promise.withResolvers<void>();
  state.delay = promise;
  const both = Promise.all([contact(), contact()]);
  resolve();
  assert.deepEqual([await both, state.looks, told.length], [[undefined, undefined], 1, 1]);
});

test('a gateway that turns out not to do is left for the next way, and forgotten', async () => {
  const { contact, refusedWith, registrations, told } = desk({ ...nothing, pcp: server, igd });
  await contact();
  await refusedWith('local-address-needed');
  await contact();
  assert.deepEqual(told, ['tv pcp-of-tv pcp appliance'], 'that was not for the gateway');
  await refusedWith('cannot-hold');
  assert.equal(await contact(), undefined);
  assert.deepEqual(told.slice(1), ['tv igd-of-tv igd appliance']);
  assert.deepEqual(
    (await registrations.gateways()).map(({ gatewayId }) => gatewayId),
    ['igd-of-tv'],
  );
  // Where nothing is left, what is registered stays, and its own refusal is the answer.
  await refusedWith('cannot-hold');
  assert.equal(await contact(), undefined);
  assert.equal((await registrations.appliance('tv'))?.gatewayId, 'igd-of-tv');
});

test('an appliance in another home is found anew there', async () => {
  const { contact, refusedWith, state, told } = desk({ ...nothing, pcp: server });
  await contact();
  state.sees = { ...nothing, igd };
  await refusedWith('gateway-offline');
  await contact('tv', '198.51.100.99');
  assert.deepEqual(told, ['tv pcp-of-tv pcp appliance', 'tv igd-of-tv igd appliance']);
});

test('what a person says counts where nothing else tells, at once, and is remembered as told', async () => {
  const { contact, told, state, registrations } = desk();
  assert.equal((await contact())?.code, 'gateway-not-found');
  assert.equal(await contact('tv', outside, 'nat-pmp'), undefined);
  assert.deepEqual(told, ['tv nat-pmp-of-tv nat-pmp person']);
  assert.deepEqual((await registrations.gateway('nat-pmp-of-tv'))?.evidence?.sightings, nothing);
  // Not asked again, and nobody's word is taken again.
  assert.equal(await contact('tv', outside, 'pcp'), undefined);
  assert.deepEqual([told.length, state.looks], [1, 2]);
  const seen = desk({ ...nothing, igd });
  await seen.contact('tv', outside, 'pcp');
  assert.deepEqual(seen.told, ['tv igd-of-tv igd appliance'], 'what is seen goes before what is said');
});
