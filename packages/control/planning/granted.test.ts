import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayAddresses, GrantedOpening, Opening } from '@sluice/model';
import { strongTraits } from '../test/simulated-gateway.ts';
import { faultOfGrant, sameOpening } from './granted.ts';

const addresses: GatewayAddresses = {
  global: ['203.0.113.1'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1'],
};
const gateway = { addresses, traits: strongTraits };
const asked: Opening = {
  id: 's1-0',
  streamType: 'rtp',
  payloadType: 96,
  remote: { address: '203.0.113.10', port: 7000 },
  local: { address: '192.168.1.2', port: 5000 },
  until: 1_000,
};
const granted: GrantedOpening = {
  ...asked,
  local: { address: '192.168.1.2', port: 5000 },
  globalPort: 20_000,
  global: { address: '203.0.113.1', port: 20_000 },
};

test('a grant is taken only where it is as tight as what was asked', () => {
  const cases: [string, Partial<GrantedOpening>, RegExp][] = [
    ['another id', { id: 's1-1' }, /not among/],
    ['another type', { streamType: 'udp' }, /udp instead of rtp/],
    ['another payload type', { payloadType: 97 }, /payload type/],
    ['another server', { remote: { address: '203.0.113.66', port: 7000 } }, /server/],
    ['any port of the server', { remote: { address: '203.0.113.10' } }, /server/],
    ['another local port', { local: { address: '192.168.1.2', port: 22 } }, /another port/],
    ['another device', { local: { address: '192.168.1.3', port: 5000 } }, /another device/],
    ['two global ports', { globalPort: 20_002 }, /two global ports/],
    ['somebody else’s address', { global: { address: '203.0.113.2', port: 20_000 } }, /no address of this gateway/],
  ];
  assert.equal(faultOfGrant([asked], [granted], gateway), undefined);
  for (const [title, change, fault] of cases) {
    assert.match(faultOfGrant([asked], [{ ...granted, ...change }], gateway) ?? '', fault, title);
    if (title !== 'another id')
      assert.ok(!sameOpening(granted, { ...granted, ...change }) || title === 'two global ports', title);
  }
});

test('a device that the gateway found must be one', () => {
  const open = { ...asked, local: { port: 5000 } };
  assert.equal(faultOfGrant([open], [granted], gateway), undefined);
  for (const address of ['192.168.1.1', '192.168.1.255', '192.168.2.2'])
    assert.match(faultOfGrant([open], [{ ...granted, local: { address, port: 5000 } }], gateway) ?? '', /astray/);
});

test('a proposed port is kept, and a pair is an even port and the next', () => {
  assert.match(faultOfGrant([{ ...asked, globalPort: 20_004 }], [granted], gateway) ?? '', /another global port/);
  const pair: Opening[] = [
    { ...asked, portGroup: { name: 'v', offset: 0 } },
    { ...asked, id: 's1-1', portGroup: { name: 'v', offset: 1 } },
  ];
  const on = (id: string, port: number) => ({ ...granted, id, globalPort: port, global: { ...granted.global, port } });
  assert.equal(faultOfGrant(pair, [on('s1-0', 20_000), on('s1-1', 20_001)], gateway), undefined);
  for (const [first, second] of [
    [20_000, 20_002],
    [20_001, 20_002],
    [20_002, 20_001],
  ] as const)
    assert.match(faultOfGrant(pair, [on('s1-0', first), on('s1-1', second)], gateway) ?? '', /after an even one/);
});

test('an IPv6 grant is on an address of the home', () => {
  const device = { address: '2001:db8:100::2', port: 5000 };
  const v6: Opening = { ...asked, remote: { address: '2001:db8:1::10', port: 7000 }, local: device, globalPort: 5000 };
  const grant: GrantedOpening = { ...v6, local: device, globalPort: 5000, global: device };
  assert.equal(faultOfGrant([v6], [grant], gateway), undefined);
  const elsewhere = { address: '2001:db8:101::2', port: 5000 };
  assert.match(faultOfGrant([v6], [{ ...grant, global: elsewhere }], gateway) ?? '', /no address of this gateway/);
});
