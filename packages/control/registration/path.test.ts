import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayAddresses, RefusalCode } from '@sluice/model';
import { checkPath } from './path.ts';

const addresses: GatewayAddresses = {
  global: ['203.0.113.1', '203.0.113.2'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1', '2001:db8:100::1'],
};

test('a request comes from a global address of its gateway, or from a device in its prefixes', () => {
  const cases: [string, RefusalCode | undefined][] = [
    ['203.0.113.1', undefined],
    ['203.0.113.2', undefined],
    ['203.0.113.3', 'path-mismatch'],
    ['192.168.1.2', 'path-mismatch'],
    ['2001:db8:100::2', undefined],
    ['2001:db8:101::2', 'path-mismatch'],
    ['2001:db8:100::1', 'target-is-gateway'],
    ['fe80::2', 'path-mismatch'],
  ];
  for (const [address, code] of cases) {
    const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed: { address, port: 40_000 } };
    assert.equal(checkPath(flow, addresses)?.code, code, address);
  }
});
