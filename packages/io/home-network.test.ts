import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixContains } from '@sluice/model';
import { defaultRoutes, homeNetwork, routesIn4, routesIn6 } from './home-network.ts';

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const line4 = (destination: string, gateway: string, metric: number, mask: string) =>
  `eth0\t${destination}\t${gateway}\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;

test('default routes are read from the routes of IPv4, the best first', () => {
  const lan = line4('0001A8C0', '00000000', 0, '00FFFFFF');
  const one = { address: '192.168.1.1', interface: 'eth0', metric: 600 };
  assert.deepEqual(routesIn4(head + line4('00000000', '0101A8C0', 600, '00000000') + lan), [one]);
  const two = line4('00000000', '0101A8C0', 600, '00000000') + line4('00000000', '0102A8C0', 100, '00000000');
  assert.deepEqual(routesIn4(head + two), [{ ...one, address: '192.168.2.1', metric: 100 }, one]);
  assert.deepEqual(routesIn4(head + lan), []);
  assert.deepEqual(routesIn4(head + line4('00000000', '00000000', 0, '00000000')), []);
  for (const text of ['', 'x', head, '\n\n\0']) assert.deepEqual(routesIn4(text), []);
});

test('and from those of IPv6, link-local ones too', () => {
  const zero = '0'.repeat(32);
  const line6 = (gateway: string, metric: string) =>
    `${zero} 00 ${zero} 00 ${gateway} ${metric} 00000003 00000000 00000003     eth0\n`;
  const routed = '20010db8010000000000000000000001';
  assert.deepEqual(
    routesIn6(
      line6(routed, '00000400') + line6('fe800000000000000000000000000001', '00000100') + line6(zero, '00000001'),
    ),
    [
      { address: 'fe80::1', interface: 'eth0', metric: 256 },
      { address: '2001:db8:100::1', interface: 'eth0', metric: 1024 },
    ],
  );
  assert.deepEqual(routesIn6(line6(zero, '00000400')), []);
  assert.deepEqual(routesIn6(''), []);
});

test('the home is what lies at the interfaces towards its gateways', () => {
  const { gateways, prefixes, addresses } = homeNetwork();
  const routes = defaultRoutes();
  assert.ok(gateways.every((gateway) => routes.some(({ address }) => address === gateway.address)));
  if (gateways.length > 0) assert.ok(prefixes.length > 0, 'a machine that is on a network knows which');
  assert.ok(addresses.every((own) => gateways.some((gateway) => gateway.interface === own.interface)));
  assert.ok(addresses.every(({ address }) => prefixes.some((prefix) => prefixContains(prefix, address))));
  assert.ok(prefixes.every(({ address }) => !/^(fe80|127\.|::1$)/.test(address)));
});
