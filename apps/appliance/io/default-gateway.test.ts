import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayInRoutes4, gatewayInRoutes6 } from './default-gateway.ts';

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const line4 = (destination: string, gateway: string, metric: number, mask: string) =>
  `eth0\t${destination}\t${gateway}\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;

test('the default gateway is read from the routes of IPv4', () => {
  const lan = line4('0001A8C0', '00000000', 0, '00FFFFFF');
  assert.equal(gatewayInRoutes4(head + line4('00000000', '0101A8C0', 0, '00000000') + lan), '192.168.1.1');
  const two = line4('00000000', '0101A8C0', 600, '00000000') + line4('00000000', '0102A8C0', 100, '00000000');
  assert.equal(gatewayInRoutes4(head + two), '192.168.2.1');
  assert.equal(gatewayInRoutes4(head + lan), undefined);
  assert.equal(gatewayInRoutes4(head + line4('00000000', '00000000', 0, '00000000')), undefined);
  for (const text of ['', 'x', head, '\n\n\0']) assert.equal(gatewayInRoutes4(text), undefined);
});

test('and from those of IPv6, where it is no link-local address', () => {
  const zero = '0'.repeat(32);
  const line6 = (gateway: string) => `${zero} 00 ${zero} 00 ${gateway} 00000400 00000003 00000000 00000003     eth0\n`;
  const routed = '20010db8010000000000000000000001';
  assert.equal(gatewayInRoutes6(line6('fe800000000000000000000000000001') + line6(routed)), '2001:db8:100::1');
  assert.equal(gatewayInRoutes6(line6(zero)), undefined);
  assert.equal(gatewayInRoutes6(''), undefined);
});
