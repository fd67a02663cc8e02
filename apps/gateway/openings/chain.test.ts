import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, gatewayInMemory, homeNetworks, mapping, mine, read } from '../test/gateway-in-memory.ts';

const portal = { address: '203.0.113.20', port: 8443 };

/** The home's gateway, its WAN in the network of another router, of a carrier, or link-local. */
const behind = (wan: string) => ({
  ...homeNetworks,
  interfaces: homeNetworks.interfaces.map((found) =>
    found.side === 'wan' ? { ...found, addresses: [{ address: wan, prefixLength: 24, dynamic: true }] } : found,
  ),
  own: new Set([wan, '192.168.1.1']),
});

test("a gateway whose own address outside is a private one opens on it all the same: the chain is its controller's to plan", () => {
  for (const wan of ['192.168.7.2', '10.0.0.2', '172.16.3.2', '100.64.0.2', '169.254.9.9', '192.0.0.9']) {
    const { model, dataPlane } = gatewayInMemory({ networks: behind(wan), policy: { consent: 'preferred' } });
    // It finds the device by the device's own end: what the portal saw is the outer router's.
    const original = { from: { address: '192.168.1.2', port: 50_000 }, to: portal };
    dataPlane.flows.push({ flow: { transport: 'tcp', original }, observed: { address: wan, port: 33_000 } });
    const X_SLUICE_RequestFlow = '203.0.113.20 8443 198.51.100.1 1024 192.168.1.2 50000';
    const [object = ''] = done(
      model.apply([mapping({ X_SLUICE_RequestFlow, InternalClient: '', ExternalPort: '20000' })], mine),
    );
    const { X_SLUICE_ExternalAddress, InternalClient, Status } = read(model, object);
    assert.deepEqual([X_SLUICE_ExternalAddress, InternalClient, Status], [wan, '192.168.1.2', 'Enabled']);
    assert.deepEqual(dataPlane.read()[0]?.global, { address: wan, port: 20_000 });
  }
});

test('the outer router of two opens to the inner one, which is who asked as it sees it', () => {
  const { model, dataPlane } = gatewayInMemory({ policy: { consent: 'preferred' } });
  const inner = { address: '192.168.1.2', port: 33_000 };
  const observed = { address: '203.0.113.1', port: 40_000 };
  dataPlane.flows.push({ flow: { transport: 'tcp', original: { from: inner, to: portal } }, observed });
  const X_SLUICE_RequestFlow = '203.0.113.20 8443 203.0.113.1 40000 192.168.7.2 50000';
  const [object = ''] = done(model.apply([mapping({ X_SLUICE_RequestFlow, InternalPort: '20000' })], mine));
  assert.deepEqual(dataPlane.read()[0]?.local, { address: inner.address, port: 20_000 });
  assert.equal(read(model, object).X_SLUICE_ConsentedBy, 'flow');
});
