import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@sluice/wire/usp';
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

const [wan0, lan0] = homeNetworks.interfaces;
assert.ok(wan0 && lan0);
const second = { ...wan0, name: 'wan1', addresses: [{ address: '100.64.0.2', prefixLength: 24, dynamic: true }] };
const networks = {
  ...homeNetworks,
  interfaces: [wan0, second, lan0],
  own: new Set([...homeNetworks.own, '100.64.0.2']),
};
const portal = { address: '203.0.113.20', port: 8443 };

/** A gateway with two providers, the second a carrier that translates once more, and a flow that left by it. */
function home() {
  const gateway = gatewayInMemory({
    networks,
    policy: { consent: 'preferred', controllers: [{ ...mine, withoutRequest: true }] },
  });
  gateway.dataPlane.flows.push({
    flow: { transport: 'tcp', original: { from: { address: '192.168.1.2', port: 50_000 }, to: portal } },
    observed: { address: '100.64.0.2', port: 33_000 },
  });
  return gateway;
}

const whereOpened = (parameters: Readonly<Record<string, string>>) => {
  const { model, dataPlane } = home();
  const [object = ''] = done(model.apply([mapping(parameters)], mine));
  const [held] = dataPlane.read();
  const { Interface, X_SLUICE_ExternalAddress } = read(model, object);
  assert.equal(X_SLUICE_ExternalAddress, held?.global.address);
  return [Interface, held?.global.address, held?.wan];
};

const byFirst = ['Device.IP.Interface.1', '203.0.113.1', 'wan0'];
const bySecond = ['Device.IP.Interface.2', '100.64.0.2', 'wan1'];

test("an opening is on the WAN interface that its request left by, as the gateway's own table has it", () => {
  // The portal saw the second provider's address, or a carrier's in front of it.
  assert.deepEqual(whereOpened({ X_SLUICE_RequestFlow: '203.0.113.20 8443 100.64.0.2 33000' }), bySecond);
  assert.deepEqual(
    whereOpened({ X_SLUICE_RequestFlow: '203.0.113.20 8443 198.51.100.1 1024 192.168.1.2 50000' }),
    bySecond,
  );
  assert.deepEqual(whereOpened({}), byFirst);
  assert.deepEqual(whereOpened({ Interface: 'Device.IP.Interface.2' }), bySecond);
});

test('what is not translated is on the interface that is named, else on any; never on one of the home', () => {
  const { model, dataPlane } = home();
  const held = (parameters: Readonly<Record<string, string>>) => {
    done(model.apply([pinhole({ ...parameters })], mine));
    return dataPlane.read().at(-1)?.wan;
  };
  assert.equal(held({}), undefined);
  assert.equal(held({ Interface: 'Device.IP.Interface.2', DestPort: '5001' }), 'wan1');
  const wrong = refused(model.apply([pinhole({ Interface: 'Device.IP.Interface.3', DestPort: '5002' })], mine));
  assert.equal(wrong.code, errorCode.invalidConfiguration);
});

test('after a restart each is on its interface', () => {
  const { model, clock, dataPlane } = home();
  const rows = [
    mapping({ Interface: 'Device.IP.Interface.2' }),
    mapping({ InternalPort: '5001' }),
    pinhole({ Interface: 'Device.IP.Interface.2' }),
    pinhole({ DestPort: '5001' }),
  ];
  const objects = done(model.apply(rows, mine));
  const again = gatewayInMemory({ networks, clock, dataPlane });
  again.openings.adopt();
  for (const object of objects)
    assert.equal(read(again.model, object).Interface, read(model, object).Interface, object);
});
