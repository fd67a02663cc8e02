import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import type { Gateway, HomeSightings, IpAddress } from '@sluice/model';
import { desk, nothing, outside } from './test/desk.ts';

const offline = { answer: new Unreachable('nobody answers') };
const igd: HomeSightings = {
  ...nothing,
  natPmp: { address: '192.168.1.1', version: 0, epoch: 1 },
};

/** A home with two ways in, an agent and SSH, and what `ssh` and `usp` do when they are tried. */
async function house(
  behaviours: Parameters<typeof desk>[2] = {},
  { rule = 'on', at = [outside], sees = nothing }: { rule?: 'on' | 'off'; at?: IpAddress[]; sees?: HomeSightings } = {},
) {
  const made = desk(sees, rule, behaviours);
  const home = { homeId: 'house', at: at.map((address) => ({ address, length: 32 })) };
  const ways: readonly Gateway[] = [
    { gatewayId: 'usp', type: 'usp', communication: {}, home },
    { gatewayId: 'ssh', type: 'ssh-nft', communication: { host: outside, privateKey: 'secret' }, home },
  ];
  for (const gateway of ways) await made.registrations.putGateway(gateway);
  return { ...made, ways };
}

test('who comes from an address of a registered home is behind the best of its ways that answers', async () => {
  const { contact, registrations, told, clock, ways } = await house();
  assert.equal(await contact(), undefined);
  const { evidence, ...registered } = (await registrations.appliance('tv')) ?? {};
  assert.deepEqual(registered, { applianceId: 'tv', gatewayId: 'ssh', homeId: 'house' });
  const { tried, ...why } = evidence ?? {};
  assert.deepEqual(why, { by: 'ways', at: clock.now(), applianceId: 'tv', observed: outside });
  assert.deepEqual(tried?.[0], { gatewayId: 'ssh', type: 'ssh-nft', outcome: 'answered', ms: 0 });
  assert.deepEqual([tried?.length, tried?.[1]?.gatewayId], [2, 'usp']);
  assert.deepEqual(await registrations.gateway('ssh'), ways[1], "an operator's registration stays as it is");
  assert.deepEqual(told, ['tv ssh ssh-nft ways']);
});

test('an appliance that an operator registered in a home needs no discovery, and is tried once', async () => {
  const { contact, registrations, told, twins } = await house({}, { rule: 'off', at: [] });
  await registrations.putAppliance({ applianceId: 'tv', gatewayId: 'usp', homeId: 'house' });
  assert.equal(await contact(), undefined);
  assert.equal(await contact(), undefined);
  assert.deepEqual(told, ['tv ssh ssh-nft ways']);
  assert.equal(twins.dialled.length, 2);
  assert.equal(await contact('radio'), undefined);
  assert.deepEqual(told.length, 1, 'nobody said where the radio is, and discovery is off');
});

test('a way that turned out wrong is left out with the next request; when all are, all are tried again', async () => {
  const { contact, refusedWith, told } = await house();
  await contact();
  await refusedWith('cannot-hold');
  await contact();
  await refusedWith('path-mismatch');
  await contact();
  assert.deepEqual(told, ['tv ssh ssh-nft ways', 'tv usp usp ways', 'tv ssh ssh-nft ways']);
});

test('a way that does not answer any more is replaced by one that does', async () => {
  const behaviours: Record<string, object> = {};
  const { contact, refusedWith, told, registrations } = await house(behaviours);
  await contact();
  behaviours.ssh = offline;
  await contact();
  assert.equal(told.length, 1, 'nobody complained');
  await refusedWith('gateway-offline');
  await contact();
  assert.deepEqual(told.at(-1), 'tv usp usp ways');
  const { evidence } = (await registrations.appliance('tv')) ?? {};
  assert.deepEqual(
    evidence?.tried?.map(({ outcome, why }) => [outcome, why]),
    [
      ['failed', 'nobody answers'],
      ['answered', undefined],
    ],
  );
});

test('where no way answers what was registered stays, and the home is left in peace for a while', async () => {
  const { contact, registrations, twins, clock } = await house({ usp: offline, ssh: offline }, { rule: 'off' });
  await registrations.putAppliance({ applianceId: 'tv', gatewayId: 'usp', homeId: 'house' });
  await registrations.putAppliance({ applianceId: 'radio', gatewayId: 'usp', homeId: 'house' });
  for (const applianceId of ['tv', 'tv', 'radio']) assert.equal(await contact(applianceId), undefined);
  assert.equal(twins.dialled.length, 2);
  assert.deepEqual(await registrations.appliance('tv'), { applianceId: 'tv', gatewayId: 'usp', homeId: 'house' });
  await clock.pass(10_000);
  await contact();
  assert.equal(twins.dialled.length, 4);
});

test('where no way answers an unregistered appliance is looked for on, and told what was tried', async () => {
  const seen = await house({ usp: offline, ssh: offline }, { sees: igd });
  seen.known.set(outside, 'usp');
  assert.equal(await seen.contact(), undefined);
  assert.deepEqual(seen.told, ['tv nat-pmp-of-tv nat-pmp appliance']);
  const { contact } = await house({ usp: offline, ssh: { answer: ['203.0.113.1'] } });
  const refusal = await contact();
  assert.equal(refusal?.code, 'gateway-not-found');
  assert.match(refusal?.message ?? '', /ssh elsewhere: its address is 203\.0\.113\.1.*usp failed: nobody answers/);
  assert.doesNotMatch(JSON.stringify(refusal), /secret/);
});

test('appliances of one home that ask at once have its ways tried once', async () => {
  const { contact, twins, told, clock } = await house({ ssh: { after: 50 } });
  const both = Promise.all([contact('tv'), contact('radio')]);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.pass(50);
  await both;
  assert.deepEqual(told.toSorted(), ['radio ssh ssh-nft ways', 'tv ssh ssh-nft ways']);
  assert.equal(twins.dialled.length, 2);
});

test('an address that is of two homes is of neither', async () => {
  const { contact, registrations, twins } = await house();
  const home = { homeId: 'neighbour', at: [{ address: '198.51.100.0', length: 24 }] };
  await registrations.putGateway({ gatewayId: 'other', type: 'usp', communication: {}, home });
  assert.equal((await contact())?.code, 'gateway-not-found');
  assert.deepEqual(twins.dialled, []);
});
