import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplianceView, GatewayView } from '@sluice/api';
import { apiOf, hostDirectory, originOf, partPorts } from '../configurations.ts';
import type { GatewayRow } from '../foreign/gateway-row.ts';
import { startMiniupnpd } from '../foreign/miniupnpd.ts';
import { gatewayRows } from '../gateway-rows.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { view } from '../once/viewer.ts';
import type { Deployment } from '../parts.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
const streams = Object.keys(localPorts);
const tv = 'self::tv-1';

/** A home whose appliance and gateway no operator has registered. */
async function unknownHome(prefix: string, rule: 'off' | 'on', signal: AbortSignal, row?: GatewayRow) {
  const overrides = { 'configuration-server': { discovery: rule }, 'media-server': { filmSeconds: 60 } };
  const home = await deployedHome(prefix, overrides, signal, row);
  for (const path of [`appliances/${tv}`, 'gateways/self::gateway-1'])
    assert.equal(
      (await home.operator.ask('DELETE', `${apiOf(home.network)}/v1/${path}`, undefined, signal)).status,
      204,
    );
  return home;
}

const watch = (home: Deployment, signal: AbortSignal, family: 4 | 6 = 4) =>
  view(home, { contentId: 'film', family, localPorts, firstSpeaker: {} }, signal);

async function registered(home: Deployment, signal: AbortSignal) {
  const get = async <T>(path: string) =>
    (await home.operator.ask('GET', `${apiOf(home.network)}/v1/${path}`, undefined, signal)).body as T;
  const appliance = await get<ApplianceView>(`appliances/${tv}`);
  return { appliance, gateway: await get<GatewayView>(`gateways/${appliance.gatewayId}`) };
}

test('an unregistered appliance behind miniupnpd is found, served and closed; what told is kept', limit, async (t) => {
  const igd = gatewayRows.find(({ type }) => type === 'igd');
  assert.ok(igd);
  await using home = await unknownHome('disc-upnp', 'on', t.signal, igd);
  await using viewing = await watch(home, t.signal);
  await viewing.open;
  await viewing.arrived(streams);
  const { appliance, gateway } = await registered(home, t.signal);
  assert.deepEqual([appliance.gatewayId, gateway.type], [`igd-of-${tv}`, 'igd']);
  assert.deepEqual(gateway.communication, { through: 'appliance' });
  const { by, observed, sightings } = gateway.evidence ?? {};
  assert.deepEqual([by, observed], ['appliance', '203.0.114.1']);
  assert.match(sightings?.igd?.server ?? '', /MiniUPnPd/);
  assert.deepEqual(appliance.evidence, gateway.evidence);
  assert.equal(await home.foreign('gateway-1')?.openings(t.signal), 5);
  const operator = ['--server', apiOf(home.network), '--identity', hostDirectory(home.directories, 'operator')];
  const listed = await home.sluice('configuration', ['gateways', ...operator], t.signal);
  assert.match(listed, /igd-of-self::tv-1 .*what the appliance saw \(self::tv-1, /);
  viewing.process.kill('SIGTERM');
  await viewing.left;
  assert.equal(await home.foreign('gateway-1')?.openings(t.signal), 0);
});

test('an unregistered appliance behind our agent is found by where that calls in from', limit, async (t) => {
  await using home = await unknownHome('disc-own', 'on', t.signal);
  await using viewing = await watch(home, t.signal);
  await viewing.open;
  await viewing.arrived(streams);
  const { appliance, gateway } = await registered(home, t.signal);
  assert.deepEqual(
    [appliance.gatewayId, gateway.type, gateway.evidence?.by],
    ['self::gateway-1', 'sluice', 'calls-in'],
  );
  assert.equal(await openingsInKernel(home.network, 'gateway-1', t.signal), 5);
});

test('over IPv6 the certificate that the appliance saw tells which agent it is', limit, async (t) => {
  await using home = await unknownHome('disc-own6', 'on', t.signal);
  await using viewing = await watch(home, t.signal, 6);
  await viewing.open;
  await viewing.arrived(streams);
  const { gateway } = await registered(home, t.signal);
  assert.deepEqual([gateway.gatewayId, gateway.type, gateway.evidence?.by], ['self::gateway-1', 'sluice', 'agent']);
  assert.equal(gateway.evidence?.sightings?.agent?.isProven, true);
});

test('of its own accord nobody is found', limit, async (t) => {
  await using home = await unknownHome('disc-off', 'off', t.signal);
  await using viewing = await watch(home, t.signal);
  const { verdict, reasons } = await viewing.result;
  assert.equal(verdict, 'fail');
  assert.match(reasons.join(), /self::tv-1 is not registered/);
});

test('behind a gateway that speaks nothing the request is refused with what is missing', limit, async (t) => {
  const igd = gatewayRows.find(({ type }) => type === 'igd');
  assert.ok(igd);
  // It translates on, and answers nobody.
  const silent: GatewayRow = {
    ...igd,
    async start(network, host, signal) {
      const place = { namespace: network.namespace(host), wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
      const gateway = await startMiniupnpd(place, signal);
      await gateway.kill(signal);
      return {
        openings: async () => 0,
        reboot: async () => {},
        [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
      };
    },
  };
  await using home = await unknownHome('disc-none', 'on', t.signal, silent);
  await using viewing = await watch(home, t.signal);
  const { verdict, reasons } = await viewing.result;
  assert.equal(verdict, 'fail');
  assert.match(
    reasons.join(),
    /its gateway could not be found .*igd: .*nobody answers a search.*turn UPnP, PCP or NAT-PMP on/,
  );

  // Somebody knows better, and is believed, though it still does not answer.
  const portal = originOf(home.network, 'portal', partPorts.portal);
  const identity = hostDirectory(home.directories, 'tv-1');
  const play = ['appliance', 'play', 'film', '--json', '--portal', portal, '--identity', identity];
  const told = home.sluice('tv-1', [...play, '--gateway-type', 'igd'], t.signal);
  await assert.rejects(told, /gateway igd-of-self::tv-1 is not connected/);
  const { gateway } = await registered(home, t.signal);
  assert.deepEqual([gateway.type, gateway.evidence?.by], ['igd', 'person']);
});
