import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    readonly dhcp?: object;
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

/** A DHCP server in a home's gateway, and how its television's client asks. */
const dnsmasq = [
  ...['dnsmasq', '--conf-file=/dev/null', '--port=0', '--interface=lan0', '--bind-interfaces', '--user=', '--group='],
  ...['--dhcp-authoritative', '--dhcp-range=192.168.1.100,192.168.1.150,1h', '--dhcp-leasefile=/dev/null'],
  ...['3561,4,00D09E', '3561,5,S-0001', '3561,6,Router 5'].map((each) => `--dhcp-option-force=vi-encap:${each}`),
  '--dhcp-option=vendor:dslforum.org,1,http://acs.provider.example:7547/',
  '--dhcp-option-force=158,04:c0:a8:01:01',
];
const asking = 'send vendor-class-identifier "dslforum.org";\nalso request vendor-encapsulated-options, vivso;\n';

test('what the DHCP of the home says is read from the lease that a real client keeps', limit, async (t) => {
  await using network = await buildNetwork(homes(1), 'probe-dhcp', t.signal);
  const [gateway, tv] = [network.namespace('gateway-1'), network.namespace('tv-1')];
  const directory = await mkdtemp(join(tmpdir(), 'sluice-dhcp-'));
  const [pidFile, configuration] = [join(directory, 'dnsmasq.pid'), join(directory, 'dhclient.conf')];
  t.after(async () => {
    const pid = await readFile(pidFile, 'utf8').catch(() => undefined);
    if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
    await rm(directory, { recursive: true });
  });
  await writeFile(configuration, asking);
  await run(['nsenter', `--net=${gateway}`, '--', ...dnsmasq, `--pid-file=${pidFile}`], t.signal);
  // What the client leaves running ends with the probe.
  const isolated = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  // With a /var/lib/dhcp of its own, and the address that it has: a lease is all that is wanted.
  const script = `mount -t tmpfs none /var/lib/dhcp
    towards=$(ip -4 route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/')
    dhclient -1 -q -cf "$0" -lf /var/lib/dhcp/dhclient.leases -pf /var/lib/dhcp/pid -sf /bin/true "$towards" >&2
    exec "$@"`;
  const inHome = (args: readonly string[]) => {
    const probe = sluiceCommand(['probe', ...args]);
    return run(['nsenter', `--net=${tv}`, '--', ...isolated, 'sh', '-ec', script, configuration, ...probe], t.signal);
  };
  const { sightings } = JSON.parse(await inHome(['--json'])) as Report;
  assert.deepEqual(sightings.dhcp, {
    ...{ interface: 'eth0', keptBy: 'dhclient', server: '192.168.1.1', routers: ['192.168.1.1'] },
    acsUrl: 'http://acs.provider.example:7547/',
    vendorClass: 'dslforum.org',
    gateway: { oui: '00D09E', serialNumber: 'S-0001', productClass: 'Router 5' },
    pcpServers: ['192.168.1.1'],
  });
  const text = await inHome([]);
  assert.match(text, /its address by DHCP from 192\.168\.1\.1, its router \(eth0, as dhclient keeps it\)/);
  assert.match(text, /the gateway is the TR-069 device 00D09E-S-0001 \(Router 5\)/);
});
