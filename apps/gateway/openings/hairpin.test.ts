import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, gatewayInMemory, mapping, mine, set, theirs } from '../test/gateway-in-memory.ts';

const [tv, tablet] = ['192.168.1.2', '192.168.1.3'].map((address) => ({ address, port: 5000 }));
const own = '203.0.113.1';

const toTv = (parameters = {}) =>
  mapping({
    RemoteHost: own,
    X_SLUICE_RemotePort: '20002',
    ExternalPort: '20000',
    InternalClient: tv?.address,
    ...parameters,
  });
const toTablet = (parameters = {}) =>
  mapping({
    RemoteHost: own,
    X_SLUICE_RemotePort: '20000',
    ExternalPort: '20002',
    InternalClient: tablet?.address,
    ...parameters,
  });

const insides = ({ dataPlane }: ReturnType<typeof gatewayInMemory>) =>
  dataPlane
    .read()
    .toSorted((a, b) => a.global.port - b.global.port)
    .map(({ inside }) => inside);

test("two openings that lead to each other by the gateway's own address are of two devices of this home", () => {
  for (const messages of [[[toTv(), toTablet()]], [[toTv()], [toTablet()]], [[toTablet()], [toTv()]]]) {
    const gateway = gatewayInMemory();
    for (const message of messages) done(gateway.model.apply(message, mine));
    assert.deepEqual(insides(gateway), [tablet, tv]);
  }
});

test('a hairpin outlives renewals and a restart, and ends with its rows', async () => {
  const gateway = gatewayInMemory();
  const { model, dataPlane, clock } = gateway;
  const [first = '', second = ''] = done(model.apply([toTv(), toTablet()], mine));
  done(model.apply([set(first, { LeaseDuration: '90' }), set(second, { LeaseDuration: '90' })], mine));
  assert.deepEqual(insides(gateway), [tablet, tv]);
  const again = gatewayInMemory({ clock, dataPlane });
  assert.deepEqual(again.openings.adopt(), { adopted: 2, closed: 0, unknown: 0 });
  done(again.model.apply([{ kind: 'delete', object: first }], mine));
  done(again.model.apply([toTv({ InternalClient: '192.168.1.4' })], mine));
  assert.deepEqual(insides(again), [tablet, { address: '192.168.1.4', port: 5000 }]);
  await clock.pass(90_000);
  assert.deepEqual(dataPlane.read(), []);
});

test('what does not meet is no hairpin: another port, another transport, another controller, or one alone', () => {
  const cases = [
    [[toTv(), toTablet({ X_SLUICE_RemotePort: '20004' })], mine],
    [[toTv(), toTablet({ Protocol: 'TCP' })], mine],
    [[toTv()], mine],
    [[toTv()], theirs],
  ] as const;
  for (const [message, other] of cases) {
    const gateway = gatewayInMemory();
    done(gateway.model.apply(message, mine));
    if (other === theirs) done(gateway.model.apply([toTablet()], theirs));
    assert.ok(insides(gateway).every((inside) => inside === undefined));
  }
});
