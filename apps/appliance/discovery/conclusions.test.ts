import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HomeSightings } from '@sluice/model';
import { concluded } from './conclusions.ts';
import { reportText } from './report.ts';

const igd = {
  ...{ address: '192.168.1.1', udn: 'uuid:1', manufacturer: 'Maker', model: 'Router 5', server: 'Linux UPnP/1.1 R/5' },
  ...{ version: 2, connected: true, external: '198.51.100.7', firewall: true, isDefaultRouter: true },
};
const { external: _, ...hiding } = { ...igd, connected: false, status: 'Connected' };
const control = { address: '192.168.1.1', version: 2, epoch: 93_784 };
const home: HomeSightings = { router4: '192.168.1.1', router6: 'fe80::1', hasIpv6: true, missing: {} };

const said = (sightings: HomeSightings, portalSaw?: string) =>
  concluded(sightings, portalSaw).obstacles.map(({ obstacle }) => obstacle);

test('a gateway that can be set up, with nothing in the way, is told by name', () => {
  const conclusions = concluded({ ...home, igd, pcp: control }, '198.51.100.7');
  assert.deepEqual([conclusions.type, conclusions.external, conclusions.obstacles], ['pcp', '198.51.100.7', []]);
  const text = reportText({ ...conclusions, sightings: home });
  assert.match(text, /at 192\.168\.1\.1 \(IPv4\) and fe80::1 \(IPv6\)/);
  assert.match(text, /UPnP IGD 2: Maker Router 5 \(Linux UPnP\/1\.1 R\/5\).*is up.*IPv6 pinholes/);
  assert.match(text, /PCP, version 2; it has kept its mappings for 1 d 2 h/);
  assert.match(text, /Its address outside is 198\.51\.100\.7/);
  assert.match(text, /by PCP, through this device \(register it as pcp\)/);
  assert.match(text, /Nothing is in the way/);
});

test('what is in the way is named', () => {
  const table: readonly (readonly [string, HomeSightings, readonly string[], string?])[] = [
    ['no network', { hasIpv6: false, missing: {} }, ['no-gateway']],
    ['nobody answers', { ...home, missing: { igd: 'nobody' } }, ['no-way-in', 'upnp-off']],
    ['PCP alone', { ...home, pcp: control }, ['upnp-off']],
    ['the WAN is down', { ...home, igd: { ...igd, connected: false } }, ['no-way-in', 'wan-down']],
    ['it hides its address', { ...home, igd: hiding }, ['no-way-in', 'private-wan']],
    ['UPnP elsewhere', { ...home, igd: { ...igd, isDefaultRouter: false } }, ['not-the-router']],
    ['no IPv6', { ...home, hasIpv6: false, igd }, ['no-ipv6']],
    ['double NAT', { ...home, igd: { ...igd, external: '172.31.0.2' } }, ['private-wan']],
    ['just outside RFC 1918', { ...home, igd: { ...igd, external: '172.32.0.2' } }, []],
    ['carrier NAT', { ...home, igd: { ...igd, external: '100.64.0.2' } }, ['carrier-nat']],
    ['told by NAT-PMP alone', { ...home, natPmp: { ...control, external: '10.0.0.2' } }, ['upnp-off', 'private-wan']],
    ['the portal saw another', { ...home, igd }, ['translated-again'], '203.0.113.9'],
    ['the portal saw IPv6', { ...home, igd }, [], '2001:db8::1'],
  ];
  for (const [name, sightings, obstacles, portalSaw] of table)
    assert.deepEqual(said(sightings, portalSaw), obstacles, name);
});

test('our own agent goes before everything, and is believed by its certificate alone', () => {
  const agent = { address: '192.168.1.1', endpointId: 'self::gateway-1', isProven: true };
  const proven = concluded({ ...home, agent, pcp: control });
  assert.deepEqual([proven.type, proven.obstacles], ['sluice', []]);
  assert.match(proven.gateway.join('\n'), /runs Sluice's own agent, self::gateway-1:/);
  const claimed = concluded({ ...home, agent: { ...agent, isProven: false } });
  assert.match(claimed.gateway.join('\n'), /says that it runs.*--identity/);
});

test('what DHCP said is told as what DHCP said', () => {
  const lease = { interface: 'eth0', keptBy: 'dhclient', server: '192.168.1.1', routers: ['192.168.1.1'] } as const;
  const told = (dhcp: HomeSightings['dhcp']) => concluded({ ...home, ...(dhcp && { dhcp }) }).gateway.slice(1);
  assert.deepEqual(told(undefined), []);
  assert.deepEqual(told({ ...lease, pcpServers: [] }), [
    'This device has its address by DHCP from 192.168.1.1, its router (eth0, as dhclient keeps it).',
  ]);
  const all = told({
    ...{ ...lease, server: '192.168.1.9', pcpServers: ['192.168.1.1'], acsUrl: 'http://acs.example/' },
    ...{ controllerUrl: 'wss://c.example/usp', controllerId: 'self::c' },
    gateway: { oui: '00D09E', serialNumber: 'S-1', productClass: 'Router 5' },
  }).join('\n');
  assert.match(all, /by DHCP from 192\.168\.1\.9 \(eth0/);
  assert.match(all, /TR-069 device 00D09E-S-1 \(Router 5\): .*register it as cwmp, with oui=00D09E and serial=S-1/);
  assert.match(all, /set up by http:\/\/acs\.example\//);
  assert.match(all, /USP agents here are set up by self::c at wss:\/\/c\.example\/usp/);
  assert.match(all, /PCP is served by 192\.168\.1\.1/);
});
