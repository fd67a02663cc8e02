import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family, GatewayAddresses, RefusalCode, RequestedStream } from '@sluice/model';
import { checkPath } from './path.ts';

const addresses: GatewayAddresses = {
  global: ['203.0.113.1', '203.0.113.2'],
  local: [
    { address: '192.168.1.0', length: 24 },
    { address: '2001:db8:100::', length: 64 },
  ],
  own: ['192.168.1.1', '2001:db8:100::1'],
};

function stream(family: Family): RequestedStream {
  const address = family === 4 ? '203.0.113.10' : '2001:db8:1::10';
  return { id: `video${family}`, streamType: 'rtp', remote: { address, port: 7000 }, localPort: 5000 };
}

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
    assert.equal(checkPath(flow, addresses, { streams: [stream(4)], findsDevice: true })?.code, code, address);
  }
});

test('translated once more further out: IPv6 streams alone, and only if the gateway finds the device by its own end', () => {
  const portal = { address: '203.0.113.20', port: 8443 };
  const observed = { address: '198.51.100.1', port: 1_024 };
  const sent = { address: '192.168.1.2', port: 50_000 };
  const shared = { ...addresses, global: ['100.64.0.7', '2001:db8:100::1'] };
  const cases: [string, Family[], boolean, boolean, GatewayAddresses, RefusalCode | undefined][] = [
    ['IPv6 streams', [6, 6], true, true, shared, undefined],
    ['an IPv4 stream among them', [6, 4], true, true, shared, 'behind-another-nat'],
    ['the device does not tell its end', [6], false, true, shared, 'behind-another-nat'],
    ['the gateway finds no device', [6], true, false, shared, 'behind-another-nat'],
    ['a public address, and yet another was seen', [4], true, true, addresses, 'path-mismatch'],
  ];
  for (const [title, families, tells, findsDevice, known, code] of cases) {
    const flow = { portal, observed, ...(tells && { sent }) };
    const refusal = checkPath(flow, known, { streams: families.map(stream), findsDevice });
    assert.equal(refusal?.code, code, title);
  }
});

test("who translates once more is told by the gateway's own address, with what can be done", () => {
  const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '198.51.100.1', port: 1_024 } };
  const sentenceFor = (own: string) =>
    checkPath(flow, { ...addresses, global: [own] }, { streams: [stream(4)], findsDevice: true })?.message ?? '';
  const carrier = sentenceFor('100.64.0.7');
  assert.match(
    carrier,
    /^the internet sees the home as 198\.51\.100\.1, and its gateway has the address 100\.64\.0\.7:/,
  );
  assert.match(carrier, /carrier NAT.*ask the provider for a public IPv4 address, or use IPv6$/);
  assert.doesNotMatch(carrier, /bridge mode/);
  for (const own of ['192.168.0.2', '10.0.0.7', '172.31.0.1', '169.254.3.4'])
    assert.match(sentenceFor(own), /another router.*register that router.*bridge mode, or use IPv6$/, own);
});
