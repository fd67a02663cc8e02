import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outwardOf } from './address-book.ts';
import { networksIn } from './addresses.ts';

const rows = [
  { path: 'Device.IP.Interface.1.', values: { Name: 'wan0', Type: 'Normal' } },
  {
    path: 'Device.IP.Interface.1.IPv4Address.1.',
    values: { IPAddress: '203.0.113.1', SubnetMask: '255.255.255.0' },
  },
  { path: 'Device.IP.Interface.1.IPv6Address.1.', values: { IPAddress: '2001:db8:1::1' } },
  { path: 'Device.IP.Interface.1.IPv6Prefix.1.', values: { Prefix: '2001:db8:1::/64' } },
  { path: 'Device.IP.Interface.2.', values: { Name: 'lan0', Type: 'Normal' } },
  {
    path: 'Device.IP.Interface.2.IPv4Address.1.',
    values: { IPAddress: '192.168.1.1', SubnetMask: '255.255.255.128', Enable: 'true' },
  },
  {
    path: 'Device.IP.Interface.2.IPv4Address.2.',
    values: { IPAddress: '10.0.0.1', SubnetMask: '255.0.0.0', Enable: 'false' },
  },
  { path: 'Device.IP.Interface.2.IPv6Address.1.', values: { IPAddress: '2001:db8:100::1' } },
  { path: 'Device.IP.Interface.2.IPv6Address.2.', values: { IPAddress: 'fe80::1' } },
  { path: 'Device.IP.Interface.2.IPv6Prefix.1.', values: { Prefix: '2001:db8:100::/64' } },
  { path: 'Device.IP.Interface.3.', values: { Name: 'lo', Type: 'Loopback' } },
  { path: 'Device.IP.Interface.3.IPv4Address.1.', values: { IPAddress: '127.0.0.1', SubnetMask: '255.0.0.0' } },
  { path: 'Device.IP.Interface.4.', values: { Name: 'wan1', Type: 'Normal' } },
  {
    path: 'Device.IP.Interface.4.IPv4Address.1.',
    values: { IPAddress: '198.51.100.1', SubnetMask: '255.255.255.255' },
  },
  { path: 'Device.NAT.InterfaceSetting.1.', values: { Interface: 'Device.IP.Interface.1' } },
  { path: 'Device.NAT.InterfaceSetting.2.', values: { Interface: 'Device.IP.Interface.4' } },
];

test('interfaces that translate face outwards, the others the home', () => {
  assert.deepEqual(networksIn(rows), {
    addresses: {
      global: ['203.0.113.1', '2001:db8:1::1', '198.51.100.1'],
      local: [
        { address: '192.168.1.0', length: 25 },
        { address: '2001:db8:100::', length: 64 },
      ],
      own: ['192.168.1.1', '2001:db8:100::1'],
    },
    translates: true,
    outward: [
      { reference: 'Device.IP.Interface.1', ipv4: ['203.0.113.1'] },
      { reference: 'Device.IP.Interface.4', ipv4: ['198.51.100.1'] },
    ],
  });
});

test('an opening comes in where its request went out', () => {
  const networks = networksIn(rows);
  const opening = {
    id: 'a',
    streamType: 'udp' as const,
    remote: { address: '203.0.113.10' },
    local: { port: 5000 },
    until: 0,
  };
  const seen = (address: string) => ({
    ...opening,
    flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address, port: 1 } },
  });
  assert.equal(outwardOf(seen('198.51.100.1'), networks)?.reference, 'Device.IP.Interface.4');
  // A carrier's address, or none: with several interfaces only the gateway can tell.
  assert.equal(outwardOf(seen('192.0.2.7'), networks), undefined);
  assert.equal(outwardOf(opening, networks), undefined);
  const [only] = networks.outward;
  assert.equal(outwardOf(opening, { outward: only ? [only] : [] })?.reference, 'Device.IP.Interface.1');
});

test('a gateway none of whose interfaces translates is a firewall alone', () => {
  const enabled = (...said: (string | undefined)[]) =>
    networksIn([
      ...rows.filter(({ path }) => !path.startsWith('Device.NAT.')),
      ...said.map((text, index) => ({
        path: `Device.NAT.InterfaceSetting.${index + 1}.`,
        values: {
          Interface: `Device.IP.Interface.${index === 0 ? 1 : 4}`,
          ...(text !== undefined && { Enable: text }),
        },
      })),
    ]);
  assert.equal(enabled('false', 'false').translates, false);
  assert.equal(enabled('false', 'true').translates, true);
  assert.equal(enabled(undefined).translates, true);
  assert.equal(enabled().translates, true);
  // It still tells which of its sides is outside.
  assert.deepEqual(enabled('false', 'false').addresses, networksIn(rows).addresses);
});
