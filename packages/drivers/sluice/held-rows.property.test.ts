import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, isPort, type Opening, parsePrefix } from '@sluice/model';
import { type HeldRow, networksIn } from '@sluice/usp-gateway';
import { openingParameter as extension } from '@sluice/wire/usp';
import fc from 'fast-check';
import { grantOf } from './grants.ts';
import { heldOpening } from './held-rows.ts';

/** What a gateway may say where a number or an address is due. */
const word = fc.oneof(
  fc.constantFrom(
    '',
    '-1',
    '0',
    '127',
    '128',
    '5000',
    '65536',
    '0x4000',
    '1e4',
    '9999999999999999',
    'Controller',
    'rtp',
  ),
  fc.constantFrom('203.0.113.1', '::ffff:192.0.2.1', '2001:db8::1', '2001:db8::1/128', '::/0', '255.255.255.0'),
  fc.constantFrom(
    '255.0.255.0',
    '0.0.0.0',
    '255.255.255.255',
    '255.255',
    '-1.0.0.0',
    '999.0.0.0',
    '::',
    'true',
    'false',
  ),
  fc.string({ maxLength: 12 }),
);

const parameters = [
  ...[
    'Alias',
    'Origin',
    'RemoteHost',
    'ExternalPort',
    'InternalClient',
    'InternalPort',
    'SourcePrefixes',
    'SourcePort',
  ],
  ...['DestIP', 'DestPort', 'RemainingLeaseTime', 'IPAddress', 'SubnetMask', 'Prefix', 'Enable', 'Interface'],
  ...Object.values(extension),
];

const sound: readonly HeldRow[] = [
  {
    path: 'Device.NAT.PortMapping.1.',
    values: {
      Alias: 'a1',
      RemoteHost: '203.0.113.10',
      ExternalPort: '16384',
      InternalClient: '192.168.1.2',
      InternalPort: '5000',
      RemainingLeaseTime: '9',
      [extension.externalAddress]: '203.0.113.1',
      [extension.streamType]: 'rtp',
      [extension.payloadType]: '96',
      [extension.packets]: '1',
      [extension.bytes]: '2',
    },
  },
  {
    path: 'Device.Firewall.Pinhole.1.',
    values: {
      Alias: 'a2',
      SourcePrefixes: '2001:db8:1::10/128',
      DestIP: '2001:db8:100::2',
      DestPort: '5002',
      [extension.streamType]: 'tcp',
    },
  },
  {
    path: 'Device.IP.Interface.2.IPv4Address.1.',
    values: { Enable: 'true', IPAddress: '192.168.1.1', SubnetMask: '255.255.255.0' },
  },
  { path: 'Device.IP.Interface.2.IPv6Prefix.1.', values: { Prefix: '2001:db8:100::/64' } },
  { path: 'Device.NAT.InterfaceSetting.1.', values: { Interface: 'Device.IP.Interface.1' } },
];

/** Sound rows with up to three parameters that say something else. */
const row: fc.Arbitrary<HeldRow> = fc
  .tuple(fc.constantFrom(...sound), fc.array(fc.tuple(fc.constantFrom(...parameters), word), { maxLength: 3 }))
  .map(([{ path, values }, others]) => ({ path, values: { ...values, ...Object.fromEntries(others) } }));

test('whatever a gateway says of its networks, they are prefixes', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      for (const { address, length } of networksIn(rows).addresses.local)
        assert.deepEqual(parsePrefix(`${address}/${length}`), { address, length });
    }),
    { numRuns: 1_000 },
  );
});

test('a subnet mask with holes, or that is none, makes no network', () => {
  const masked = (SubnetMask: string) =>
    networksIn([{ path: 'Device.IP.Interface.2.IPv4Address.1.', values: { IPAddress: '192.168.1.9', SubnetMask } }]);
  for (const mask of ['255.0.255.0', '255.255.255.1', '-1.0.0.0', '999.0.0.0', '255.255', '', '::'])
    assert.deepEqual(masked(mask).addresses.local, [], mask);
  const lengths = ['0.0.0.0', '128.0.0.0', '255.255.255.0', '255.255.255.255'].map(
    (mask) => masked(mask).addresses.local[0],
  );
  assert.deepEqual(lengths, [
    { address: '0.0.0.0', length: 0 },
    { address: '128.0.0.0', length: 1 },
    { address: '192.168.1.0', length: 24 },
    { address: '192.168.1.9', length: 32 },
  ]);
});

test('whatever a row says, the opening read from it is one: ports, one IP version, an end', () => {
  fc.assert(
    fc.property(row, (held) => {
      const read = heldOpening(held, 1_000);
      if (!read) return;
      const { opening, counters } = read;
      assert.ok(isPort(opening.globalPort) && isPort(opening.global.port) && isPort(opening.local.port));
      assert.equal(
        new Set([opening.remote, opening.global, opening.local].map(({ address }) => familyOf(address))).size,
        1,
      );
      assert.ok(opening.payloadType === undefined || (opening.payloadType >= 0 && opening.payloadType <= 127));
      assert.ok(Number.isSafeInteger(opening.until) && opening.until >= 1_000);
      if (counters) assert.ok(counters.packets >= 0 && counters.bytes >= 0);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever a gateway grants, it has a port and stays of its IP version', () => {
  const opening: Opening = {
    id: 'a1',
    streamType: 'udp',
    remote: { address: '203.0.113.10' },
    local: { port: 5000 },
    until: 9_000,
  };
  fc.assert(
    fc.property(row, fc.array(row, { maxLength: 3 }), ({ path, values }, looked) => {
      const granted = grantOf(opening, { openingId: 'a1', path, keys: values }, looked, networksIn(looked));
      if (!granted) return;
      assert.ok(isPort(granted.globalPort));
      assert.deepEqual(
        [granted.global, granted.local].map(({ address }) => familyOf(address)),
        [4, 4],
      );
    }),
    { numRuns: 1_000 },
  );
});
