import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from '@sluice/driver';
import { silentLog, VirtualClock } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { inMemoryStore } from '@sluice/store';
import { openControl } from './index.ts';
import { filmRequest, patient } from './test/home.ts';
import { SimulatedGateway, simulatedDriver, strongTraits } from './test/simulated-gateway.ts';

const gatewayId = 'box-17';
const box: Gateway = { gatewayId, type: 'pcp', communication: { through: 'appliance' } };

/** One gateway as two appliances in its home see it: each through itself alone. */
async function openBox() {
  const clock = new VirtualClock();
  const seenBy = {
    'self::tv-1': new SimulatedGateway(clock, { ...strongTraits, findsDevice: false }, gatewayId),
    'self::tv-2': new SimulatedGateway(clock, { ...strongTraits, findsDevice: false }, gatewayId),
  };
  const inner = simulatedDriver([seenBy['self::tv-1']]);
  const driver: Driver = {
    ...(inner as Driver),
    type: 'pcp',
    connect: async ({ communication }) => seenBy[communication.appliance as 'self::tv-1'].connect(),
  };
  const ports = { store: inMemoryStore(), clock, log: silentLog, drivers: [driver] };
  const control = await openControl(ports, { leaseMs: 60_000 });
  await control.registrations.putGateway(box);
  for (const applianceId of Object.keys(seenBy)) await control.registrations.putAppliance({ applianceId, gatewayId });
  const ask = (applianceId: string, localAddress: string) =>
    control.open(filmRequest(`of ${applianceId}`, { applianceId, localAddresses: [localAddress] }), patient);
  return { clock, control, ask, first: seenBy['self::tv-1'], second: seenBy['self::tv-2'] };
}

test('what an appliance asks for is opened through itself', async () => {
  const { control, ask, first, second } = await openBox();
  assert.equal((await ask('self::tv-1', '192.168.1.2')).kind, 'granted');
  assert.deepEqual([first.held.length, second.held.length], [5, 0]);
  assert.equal((await ask('self::tv-2', '192.168.1.3')).kind, 'granted');
  assert.deepEqual([first.held.length, second.held.length], [5, 5]);
  assert.equal(control.gatewayStatus(gatewayId).openings, 10);
  assert.equal((await control.status()).online, 1);
  await control[Symbol.asyncDispose]();
});

test('an appliance that is gone leaves the sessions of the others alone', async () => {
  const { clock, control, ask, first, second } = await openBox();
  const gone = await ask('self::tv-1', '192.168.1.2');
  const stays = await ask('self::tv-2', '192.168.1.3');
  await clock.pass(1_000);
  first.online = false;
  first.disconnect();
  await control.applianceLost('self::tv-1');
  await clock.pass(90_000);
  assert.equal((await control.session(gone.session?.sessionId ?? ''))?.closeReason, 'gateway-lost');
  assert.equal((await control.session(stays.session?.sessionId ?? ''))?.state, 'open');
  assert.deepEqual([first.held.length, second.held.length], [0, 5]);
  await control[Symbol.asyncDispose]();
});

test('an appliance that connects again has its own openings put back, and one without a session is asked nothing', async () => {
  const { clock, control, ask, first, second } = await openBox();
  await ask('self::tv-1', '192.168.1.2');
  await clock.pass(1_000);
  first.reboot();
  second.applied = [];
  assert.equal((await control.applianceCameBack('self::tv-1', patient)).putBack, 5);
  assert.equal(first.held.length, 5);
  second.blindness.push({ kind: 'refuse', refusal: { code: 'gateway-refused', message: 'looked at' } });
  assert.equal((await control.applianceCameBack('self::tv-2', patient)).complete, true);
  assert.equal(second.blindness.length, 1, 'it was looked at');
  assert.equal((await control.applianceCameBack('self::nobody', patient)).complete, true);
  await control[Symbol.asyncDispose]();
});
