import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainToFill, dateTime, momentIn, narrowingIn, narrowingValues, never } from './index.ts';

const rule = {
  transport: 'udp',
  source: '203.0.113.10',
  sourcePort: 7000,
  device: '192.168.1.2',
  devicePort: 5000,
} as const;
const everything = () => true;

test('a rule is read as it was written, and where it does anything else it narrows nothing', () => {
  for (const each of [rule, { ...rule, transport: 'tcp', sourcePort: 65_535 } as const]) {
    const values = Object.entries(narrowingValues(each, everything));
    assert.deepEqual(narrowingIn(new Map(values)), each);
    assert.equal(values.at(-1)?.[0], 'Enable');
  }
  const written = Object.entries(narrowingValues(rule, everything));
  for (const [name, value] of [
    ['Enable', 'false'],
    ['Status', 'Error_Misconfigured'],
    ['Target', 'Accept'],
    ['IPVersion', '6'],
    ['Protocol', '-1'],
    ['SourceIP', ''],
    ['SourcePort', '-1'],
    ['SourcePort', '65536'],
    ['SourcePortExclude', '0'],
    ['DestIP', ''],
    ['DestPort', '0'],
  ] as const)
    assert.equal(narrowingIn(new Map([...written, [name, value]])), undefined, `${name} ${value}`);
});

test('what a table does not know is not written', () => {
  const known = ['Target', 'SourcePort'];
  assert.deepEqual(
    narrowingValues(rule, (name) => known.includes(name)),
    { Target: 'Drop', SourcePort: '7000' },
  );
});

const chain = (number: number, creator: string, enable = '1') => [
  [`Device.Firewall.Chain.${number}.Enable`, enable] as const,
  [`Device.Firewall.Chain.${number}.Creator`, creator] as const,
];

test('the chain that is filled is one that is in effect and is none of the device', () => {
  const both = [...chain(1, 'Defaults'), ...chain(2, 'ACS'), ...chain(3, 'Other')];
  const inUse = (...more: (readonly [string, string])[]) => chainToFill(new Map([...both, ...more]));
  assert.equal(inUse(), 'Device.Firewall.Chain.2.');
  assert.equal(chainToFill(new Map([...chain(1, 'UserInterface'), ...chain(2, 'ACS', 'false')])), undefined);
  assert.equal(chainToFill(new Map(chain(4, ''))), 'Device.Firewall.Chain.4.');
  const level = ['Device.Firewall.AdvancedLevel', 'Device.Firewall.Level.1'] as const;
  const config = ['Device.Firewall.Config', 'Advanced'] as const;
  const chainOfLevel = (reference: string) => ['Device.Firewall.Level.1.Chain', reference] as const;
  assert.equal(inUse(config, level, chainOfLevel('Device.Firewall.Chain.3')), 'Device.Firewall.Chain.3.');
  assert.equal(inUse(config, level, chainOfLevel('Device.Firewall.Chain.1.')), undefined);
  for (const other of ['High', 'Low', 'Off', 'Policy'])
    assert.equal(inUse(['Device.Firewall.Config', other]), undefined, other);
  assert.equal(inUse(['Device.Firewall.Enable', '0']), undefined);
});

test('moments, and times of devices that know none', () => {
  const at = Date.UTC(2030, 0, 1, 12, 0, 0);
  assert.equal(dateTime(at + 999), '2030-01-01T12:00:00Z');
  for (const text of ['2030-01-01T12:00:00Z', '2030-01-01T13:00:00+01:00', '2030-01-01T12:00:00.000Z'])
    assert.equal(momentIn(text), at, text);
  for (const text of ['', '0001-01-01T00:00:00Z', '0001-01-01T00:05:00', '2030-01-01T12:00:00', '2030-13-01T12:00:00Z'])
    assert.equal(momentIn(text), undefined, text);
  assert.ok((momentIn(never) ?? 0) > at);
});
