import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploy, filmRequest } from './deployment.ts';
import { homeGateway } from './home-gateway.ts';

interface Opened {
  readonly sessionId: string;
  readonly openings: readonly { readonly id: string; readonly local: { readonly address: string } }[];
}

test('several appliance ids behind one gateway: each has its own openings, and leaves with them alone', async () => {
  await using deployment = await deploy();
  await using home = await homeGateway(deployment);
  await home.connect();
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-b', { gatewayId: 'self::gateway-a' });
  const watch = async (applianceId: string, address: string): Promise<Opened> => {
    // The request id of one says nothing of another's.
    const asked = filmRequest({ applianceId, localAddresses: [address] });
    const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', asked);
    assert.equal(status, 201, JSON.stringify(body));
    return body as unknown as Opened;
  };
  const [one, other] = await Promise.all([watch('self::tv-a', '192.168.1.2'), watch('self::tv-b', '192.168.1.3')]);
  assert.notEqual(one.sessionId, other.sessionId);
  for (const [{ openings }, address] of [
    [one, '192.168.1.2'],
    [other, '192.168.1.3'],
  ] as const)
    assert.deepEqual(new Set(openings.map(({ local }) => local.address)), new Set([address]));
  const held = home.gateway.dataPlane.read();
  assert.equal(held.length, 10);
  // One port of the server's and one global port lead to one device only.
  assert.equal(new Set(held.map(({ global, remote }) => JSON.stringify([global, remote]))).size, 10);

  const left = await deployment.ask('portal', 'DELETE', `/v1/sessions/${one.sessionId}?reason=appliance-left`);
  assert.equal(left.body.state, 'closed');
  assert.deepEqual(home.held().sort(), other.openings.map(({ id }) => id).sort());
});

test('a device that names several addresses is reached at the one that is of its home', async () => {
  await using deployment = await deploy();
  await using home = await homeGateway(deployment);
  await home.connect();
  const localAddresses = ['172.17.0.2', 'fd00::2', '192.168.1.2'];
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ localAddresses }));
  assert.equal(status, 201, JSON.stringify(body));
  const { openings } = body as unknown as Opened;
  assert.deepEqual(new Set(openings.map(({ local }) => local.address)), new Set(['192.168.1.2']));
});
