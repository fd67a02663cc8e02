import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayAddresses, IpAddress, RefusalCode } from '@sluice/model';
import { checkTarget, chooseLocalAddress } from './local-address.ts';

const addresses: GatewayAddresses = {
  global: ['203.0.113.1'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '10.0.0.0', length: 31 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1', '2001:db8:100::1'],
};

test('only a device in the home is a target', () => {
  const cases: [IpAddress, RefusalCode | undefined][] = [
    ['192.168.1.2', undefined],
    ['192.168.1.254', undefined],
    ['10.0.0.0', undefined],
    ['10.0.0.1', undefined],
    ['2001:db8:100::', undefined],
    ['192.168.1.1', 'target-is-gateway'],
    ['203.0.113.1', 'target-is-gateway'],
    ['2001:db8:100::1', 'target-is-gateway'],
    ['192.168.1.0', 'address-not-unicast'],
    ['192.168.1.255', 'address-not-unicast'],
    ['224.0.0.1', 'address-not-unicast'],
    ['127.0.0.1', 'address-not-unicast'],
    ['ff02::1', 'address-not-unicast'],
    ['fe80::2', 'address-not-unicast'],
    ['192.168.2.2', 'local-address-outside-home'],
    ['2001:db8:101::2', 'local-address-outside-home'],
  ];
  for (const [address, code] of cases) assert.equal(checkTarget(address, addresses)?.code, code, address);
});

test('the address is the one that can be right; whether it is the right one of several, the gateway finds', () => {
  const cases: [string, readonly IpAddress[], boolean, IpAddress | RefusalCode | undefined][] = [
    ['none', [], true, undefined],
    ['none, and the gateway cannot find', [], false, 'local-address-needed'],
    ['one', ['192.168.1.2'], false, '192.168.1.2'],
    ['one, twice', ['192.168.1.2', '192.168.1.2'], true, '192.168.1.2'],
    ['one that is wrong', ['192.168.1.1'], true, 'target-is-gateway'],
    ['one outside', ['172.17.0.2'], true, 'local-address-outside-home'],
    ['one fits of several', ['172.17.0.2', '192.168.1.2', '192.168.1.1'], false, '192.168.1.2'],
    ['two fit', ['192.168.1.2', '192.168.1.3'], true, undefined],
    ['two fit, and the gateway cannot find', ['192.168.1.2', '192.168.1.3'], false, 'local-address-needed'],
    ['none fits of several', ['172.17.0.2', '224.0.0.1'], true, 'local-address-outside-home'],
    ['IPv6 is no answer for IPv4', ['2001:db8:100::2'], true, undefined],
    ['IPv6 beside one', ['2001:db8:100::2', '192.168.1.2'], true, '192.168.1.2'],
  ];
  for (const [title, stated, findsDevice, expected] of cases) {
    const choice = chooseLocalAddress(stated, addresses, 4, findsDevice);
    assert.equal('code' in choice ? choice.code : choice.address, expected, title);
  }
  const choice = chooseLocalAddress(['2001:db8:100::2', '192.168.1.2'], addresses, 6, false);
  assert.deepEqual(choice, { address: '2001:db8:100::2' }, 'IPv4 beside one, for IPv6');
});
