import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, formatAddress, isUnicastHost, parseIpAddress, parsePrefix, prefixContains } from './address.ts';

test('addresses become canonical text', () => {
  const cases: [string, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.256', undefined],
    ['192.0.02.1', undefined],
    ['1', undefined],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:7', undefined],
    ['1::2::3', undefined],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['2001:db8::1%eth0', undefined],
    ['', undefined],
    [':', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseIpAddress(text), expected, text);
});

test('bytes and text are inverse', () => {
  for (const text of ['10.0.0.1', '2001:db8::', '2001:db8::a:0:0:1'])
    assert.equal(formatAddress(addressBytes(text)), text);
});

test('prefixes contain what shares their bits, in their family alone', () => {
  const home = parsePrefix('192.168.1.0/25');
  assert.ok(home);
  assert.ok(prefixContains(home, '192.168.1.127'));
  assert.ok(!prefixContains(home, '192.168.1.128'));
  assert.ok(!prefixContains(home, '2001:db8::1'));
  assert.equal(parsePrefix('10.0.0.0/33'), undefined);
  assert.equal(parsePrefix('10.0.0.0/'), undefined);
});

test('what is no single host is told apart', () => {
  for (const address of ['224.0.0.1', '0.0.0.0', '255.255.255.255', '127.0.0.1', 'ff02::1', '::', '::1', 'fe80::1'])
    assert.ok(!isUnicastHost(address), address);
  for (const address of ['192.168.1.2', '203.0.113.1', '2001:db8::1', 'fd00::1'])
    assert.ok(isUnicastHost(address), address);
});
