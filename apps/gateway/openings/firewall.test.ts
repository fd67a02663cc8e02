import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode, pinholeTable, refusalErrors } from '@sluice/wire/usp';
import {
  done,
  gatewayInMemory,
  homeNetworks,
  mapping,
  mine,
  pinhole,
  read,
  refused,
} from '../test/gateway-in-memory.ts';

/** A pinhole for IPv4: to the router behind this firewall, or to a device. */
const pinhole4 = (parameters: Readonly<Record<string, string | undefined>> = {}) =>
  pinhole({ SourcePrefixes: '203.0.113.10/32', DestIP: '192.168.1.2', DestPort: '20000', ...parameters });

const flow = { X_SLUICE_RequestFlow: '203.0.113.20 443 192.168.1.2 40000', DestIP: '' };

test('where nothing is translated an IPv4 opening is a pinhole, its global endpoint the local one', () => {
  const { model, dataPlane, openings, clock } = gatewayInMemory({ translates: false });
  const [object = ''] = done(model.apply([pinhole4({ Alias: 'a' }), pinhole({ Alias: 'b' })], mine));
  const end = { address: '192.168.1.2', port: 20_000 };
  const [held] = dataPlane.read();
  assert.deepEqual([held?.remote, held?.global, held?.local], [{ address: '203.0.113.10', port: 7000 }, end, end]);
  const { SourcePrefixes, DestIP, DestPort, Status } = read(model, object);
  assert.deepEqual([SourcePrefixes, DestIP, DestPort, Status], ['203.0.113.10/32', end.address, '20000', 'Enabled']);
  // A device's own port may be one that a router would translate to.
  done(model.apply([pinhole4({ Alias: 'c', DestPort: '40000' })], mine));
  // After a restart the rows are pinholes again.
  openings[Symbol.dispose]();
  const again = gatewayInMemory({ translates: false, clock, dataPlane });
  assert.deepEqual(again.openings.adopt(), { adopted: 3, closed: 0, unknown: 0 });
  assert.deepEqual(again.model.instances(pinholeTable, mine), [1, 2, 3]);
  assert.equal(read(again.model, object).SourcePrefixes, '203.0.113.10/32');
});

test('a pinhole is for one IP version, and for IPv4 only where nothing is translated', () => {
  const cases: [boolean, ReturnType<typeof pinhole>][] = [
    [true, pinhole4()],
    [true, pinhole4({ DestIP: '' })],
    [true, pinhole4({ SourcePrefixes: '2001:db8:1::10/128' })],
    [false, pinhole4({ SourcePrefixes: '2001:db8:1::10/128' })],
    [false, mapping()],
  ];
  for (const [translates, change] of cases) {
    const { model, dataPlane } = gatewayInMemory(translates ? {} : { translates });
    assert.equal(refused(model.apply([change], mine)).code, errorCode.valueConflict);
    assert.deepEqual(dataPlane.read(), []);
  }
  const { model } = gatewayInMemory({ translates: false });
  assert.equal(
    refused(model.apply([pinhole4({ SourcePrefixes: '203.0.113.0/24' })], mine)).code,
    errorCode.invalidValue,
  );
  assert.equal(refused(model.apply([pinhole4({ DestIP: '192.168.1.0/24' })], mine)).code, errorCode.invalidValue);
});

test('the household is asked as ever: never the firewall itself, never out again, never a port of the system', () => {
  const { model } = gatewayInMemory({ translates: false });
  for (const [code, parameters] of [
    ['target-is-gateway', { DestIP: '192.168.1.1' }],
    ['target-is-gateway', { DestIP: '203.0.113.1' }],
    ['local-address-outside-home', { DestIP: '203.0.113.7' }],
    ['address-not-unicast', { DestIP: '192.168.1.255' }],
    ['port-denied', { DestPort: '22' }],
    ['remote-denied', { SourcePrefixes: '192.168.1.7/32' }],
  ] as const) {
    const { code: error } = refused(model.apply([pinhole4(parameters)], mine));
    assert.equal(refusalErrors.find(([number]) => number === error)?.[1], code);
  }
});

test('before the router, who asked is the router; with no address named it is found by the flow', () => {
  const { model, dataPlane } = gatewayInMemory({ translates: false, policy: { consent: 'preferred' } });
  const original = { from: { address: '192.168.1.2', port: 40_000 }, to: { address: '203.0.113.20', port: 443 } };
  assert.match(refused(model.apply([pinhole4(flow)], mine)).message, /no device/);
  dataPlane.flows.push({ flow: { transport: 'tcp', original }, observed: original.from });
  const [object = ''] = done(model.apply([pinhole4(flow)], mine));
  assert.deepEqual([read(model, object).DestIP, read(model, object).X_SLUICE_ConsentedBy], ['192.168.1.2', 'flow']);
  assert.equal(
    refused(model.apply([pinhole(flow)], mine)).code,
    refusalErrors.find(([, name]) => name === 'device-not-found')?.[0],
  );
});

test('an opening to a network that only the policy names, behind a router further in, is not taken for stranded', () => {
  const { model } = gatewayInMemory({ translates: false, policy: { localPrefixes: ['192.168.7.0/24'] } });
  const [object = ''] = done(model.apply([pinhole4({ DestIP: '192.168.7.2' })], mine));
  assert.equal(read(model, object).Status, 'Enabled');
  assert.ok(homeNetworks.local.every(({ address }) => address !== '192.168.7.0'));
});
