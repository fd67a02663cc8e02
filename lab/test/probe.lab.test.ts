import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNetwork } from '../build.ts';
import { hostDirectory, originOf, partPorts } from '../configurations.ts';
import { startMiniupnpd } from '../foreign/miniupnpd.ts';
import { sluiceCommand } from '../parts.ts';
import { run } from '../run.ts';
import { homes } from '../topologies/home.ts';
import { type Internet, publicLookingInternet } from '../topologies/pieces.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 90_000 };

/** As far as it is read here. */
interface Report {
  readonly type?: string;
  readonly external?: string;
  readonly portalSaw?: string;
  readonly obstacles: readonly { readonly obstacle: string; readonly sentence: string }[];
  readonly sightings: {
    readonly agent?: { readonly endpointId: string; readonly isProven: boolean };
    readonly igd?: { readonly version: number; readonly server: string; readonly firewall: boolean };
    readonly pcp?: object;
    readonly natPmp?: { readonly external?: string };
    readonly missing: Readonly<Record<string, string>>;
  };
}

const obstaclesOf = ({ obstacles }: Report) => obstacles.map(({ obstacle }) => obstacle);

/** What `sluice probe` says on the television of a home; `text` without `--json`. */
async function probeIn(namespace: string, args: readonly string[], signal: AbortSignal) {
  const on = (more: readonly string[]) =>
    run(['nsenter', `--net=${namespace}`, '--', ...sluiceCommand(['probe', ...args, ...more])], signal);
  return { report: JSON.parse(await on(['--json'])) as Report, text: await on([]) };
}

async function behindMiniupnpd(prefix: string, internet: Internet, signal: AbortSignal) {
  await using network = await buildNetwork(homes(1, internet), prefix, signal);
  const place = { namespace: network.namespace('gateway-1'), wan: 'wan0', lan: 'lan0', home: '192.168.1.0/24' };
  await using _ = await startMiniupnpd(place, signal);
  return await probeIn(network.namespace('tv-1'), [], signal);
}

test('behind miniupnpd: its three ways, its name and its address are told', limit, async (t) => {
  const { report, text } = await behindMiniupnpd('probe-upnp', publicLookingInternet, t.signal);
  assert.deepEqual(obstaclesOf(report), []);
  // It says yes to FILTER and lets everybody in, so UPnP goes before its PCP.
  assert.deepEqual([report.type, report.external], ['igd', '203.0.114.1']);
  const { igd, pcp, natPmp, missing } = report.sightings;
  assert.match(igd?.server ?? '', /MiniUPnPd/);
  assert.ok(pcp);
  assert.equal(natPmp?.external, '203.0.114.1');
  assert.deepEqual(Object.keys(missing), ['agent']);
  assert.match(text, /UPnP IGD .*MiniUPnPd.*its connection to the internet is up/);
  assert.match(text, /Its address outside is 203\.0\.114\.1/);
  assert.match(text, /Nothing is in the way/);
});

// miniupnpd maps no ports of a private address, and leaves it out of its answers.
test('behind two routers: that the nearer has no address of its own on the internet is told', limit, async (t) => {
  const { report, text } = await behindMiniupnpd('probe-twice', '10.77.0', t.signal);
  assert.equal(report.external, undefined);
  assert.deepEqual(obstaclesOf(report), ['private-wan']);
  assert.match(text, /another router in front of it that translates once more \(double NAT\)/);
});

test('behind a gateway that speaks nothing: that is told, with what to turn on', limit, async (t) => {
  await using network = await buildNetwork(homes(1), 'probe-none', t.signal);
  const { report, text } = await probeIn(network.namespace('tv-1'), [], t.signal);
  assert.deepEqual(obstaclesOf(report), ['no-way-in', 'upnp-off']);
  assert.equal(report.type, undefined);
  assert.deepEqual(Object.keys(report.sightings.missing).toSorted(), ['agent', 'igd', 'nat-pmp', 'pcp']);
  assert.match(text, /Turn UPnP, PCP or NAT-PMP on/);
});

test('behind our agent: its certificate is checked, and the portal says where it sees the device', limit, async (t) => {
  await using home = await deployedHome('probe-own', {}, t.signal);
  const portal = originOf(home.network, 'portal', partPorts.portal);
  const identity = hostDirectory(home.directories, 'tv-1');
  const tv = home.network.namespace('tv-1');
  const { report, text } = await probeIn(tv, ['--portal', portal, '--identity', identity], t.signal);
  const { endpointId, isProven } = report.sightings.agent ?? {};
  assert.deepEqual([report.type, endpointId, isProven], ['sluice', 'self::gateway-1', true]);
  assert.deepEqual([report.portalSaw, obstaclesOf(report)], ['203.0.113.1', []]);
  assert.match(text, /runs Sluice's own agent, self::gateway-1/);
  const stranger = await probeIn(tv, [], t.signal);
  assert.equal(stranger.report.sightings.agent?.isProven, false);
});
