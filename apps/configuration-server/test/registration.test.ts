import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploy, filmRequest } from './deployment.ts';
import { homeGateway } from './home-gateway.ts';

const newcomer = { applianceId: 'self::tv-new' };
const where = '/v1/appliances/self::tv-new';

/** What a request of the newcomer's comes to under a rule, and behind which gateway it is afterwards. */
async function ask(rule: string, registeredBehind?: string): Promise<[verdict: unknown, gatewayId: unknown]> {
  await using deployment = await deploy({ registration: rule });
  await using home = await homeGateway(deployment);
  await home.connect();
  if (registeredBehind !== undefined) {
    const other = { type: 'sluice', communication: {} };
    await deployment.ask('operator', 'PUT', `/v1/gateways/${registeredBehind}`, other);
    await deployment.ask('operator', 'PUT', where, { gatewayId: registeredBehind });
  }
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest(newcomer));
  const { body: registration } = await deployment.ask('operator', 'GET', where);
  return [status === 201 ? 'opened' : body.code, registration.gatewayId];
}

test('off: who is not registered is not served', async () => {
  assert.deepEqual(await ask('off'), ['appliance-unknown', undefined]);
});

test('first contact: an appliance is registered behind the gateway that its request came through, once', async () => {
  assert.deepEqual(await ask('first-contact'), ['opened', 'self::gateway-a']);
  assert.deepEqual(await ask('first-contact', 'self::gateway-b'), ['gateway-offline', 'self::gateway-b']);
});

test('periodic: a registration whose time is not known is made again', async () => {
  assert.deepEqual(await ask('periodic', 'self::gateway-b'), ['opened', 'self::gateway-a']);
});

test('every contact: an appliance is where its request comes from', async () => {
  assert.deepEqual(await ask('every-contact'), ['opened', 'self::gateway-a']);
  assert.deepEqual(await ask('every-contact', 'self::gateway-b'), ['opened', 'self::gateway-a']);
});

test('whatever the rule, a request from where no gateway is opens nothing', async () => {
  await using deployment = await deploy({ registration: 'every-contact' });
  await using home = await homeGateway(deployment);
  await home.connect();
  const observed = { address: '198.51.100.7', port: 40_000 };
  const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed };
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ ...newcomer, flow }));
  assert.deepEqual([status, body.code], [404, 'appliance-unknown']);
  assert.deepEqual(home.held(), []);
});
