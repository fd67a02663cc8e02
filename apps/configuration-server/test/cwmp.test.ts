import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@sluice/io';
import { Cpe } from '../../../packages/drivers/cwmp/test/cpe/cpe.ts';
import type { Quirks } from '../../../packages/drivers/cwmp/test/cpe/quirks.ts';
import { deploy, filmRequest } from './deployment.ts';

const identity = { oui: '00D09E', serialNumber: '0001' };
const login = { username: 'home', password: 'sesame' };
const connectionRequest = { username: 'acs', password: 'secret' };

/** A home with a CWMP device, the television behind it, and this server as the device's ACS. */
async function home(t: TestContext, model: 'tr-098' | 'tr-181', quirks: Quirks = {}, server: object = {}) {
  const deployment = await deploy({
    cwmp: { hosts: ['127.0.0.1'], port: 0, stun: { host: '127.0.0.1', port: 0 } },
    limits: { exchangeMs: 5_000, verdictMs: 10_000 },
    ...server,
  });
  t.after(() => deployment[Symbol.asyncDispose]());
  await deployment.ask('operator', 'PUT', '/v1/gateways/box', {
    type: 'cwmp',
    communication: {
      oui: identity.oui,
      serial: identity.serialNumber,
      ...login,
      connectionRequestUsername: connectionRequest.username,
      connectionRequestPassword: connectionRequest.password,
    },
  });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'box' });
  const cpe = new Cpe({
    model,
    external: '203.0.113.1',
    lan: { address: '192.168.1.1', mask: '255.255.255.0' },
    acs: { port: deployment.server.cwmpPort ?? 0 },
    identity,
    login,
    connectionRequest,
    clock: systemClock,
    quirks,
  });
  t.after(() => cpe[Symbol.asyncDispose]());
  // Its first session goes on for a while, in case that there is more to do.
  void cpe.start();
  await eventually(async () => {
    const { body } = await deployment.ask('operator', 'GET', '/v1/gateways/box');
    return (body.global as readonly string[]).length > 0;
  });
  return { deployment, cpe };
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const until = AbortSignal.timeout(10_000);
  while (!(await holds())) await setTimeout(10, undefined, { signal: until });
}

const limit = { timeout: 30_000 };

for (const model of ['tr-098', 'tr-181'] as const)
  test(`a film through a ${model} device: opened, looked at, closed`, limit, async (t) => {
    const { deployment, cpe } = await home(t, model);
    const asked = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const { sessionId, openings, held } = asked.body as {
      sessionId: string;
      openings: { streamId: string; global: { address: string; port: number } }[];
      held: Record<string, boolean>;
    };
    assert.deepEqual(
      {
        remoteAddress: held.remoteAddress,
        remotePort: held.remotePort,
        streamType: held.streamType,
        lease: held.lease,
      },
      { remoteAddress: true, remotePort: false, streamType: false, lease: true },
    );
    assert.deepEqual(
      cpe.mappings.map(({ source, globalPort, client, clientPort }) => ({ source, globalPort, client, clientPort })),
      openings.map(({ global }, index) => ({
        source: '203.0.113.10',
        globalPort: global.port,
        client: '192.168.1.2',
        clientPort: 5_000 + index,
      })),
    );
    const gateway = await deployment.ask('operator', 'GET', '/v1/gateways/box');
    assert.deepEqual(gateway.body.global, ['203.0.113.1']);
    assert.equal(JSON.stringify(gateway.body).includes('sesame'), false);
    const closed = await deployment.ask('portal', 'DELETE', `/v1/sessions/${sessionId}`);
    assert.equal(closed.body.state, 'closed', JSON.stringify(closed.body));
    assert.equal(cpe.mappings.length, 0);
  });

test('a device that starts anew or was reset has its rows again, without a request', limit, async (t) => {
  const { deployment, cpe } = await home(t, 'tr-098', { returnsCookie: false });
  const { body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  const ports = () => cpe.mappings.map(({ globalPort }) => globalPort).sort();
  const before = ports();
  assert.equal(before.length, 5, JSON.stringify(body));
  for (const reset of [false, true]) {
    void cpe.restart(reset);
    await eventually(() => cpe.mappings.length === 5);
    assert.deepEqual(ports(), before);
  }
});

test('a row that somebody took away is there again after the next session of the device', limit, async (t) => {
  const { deployment, cpe } = await home(t, 'tr-098');
  await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  const [row] = cpe.model.tree.rows(cpe.model.mappings);
  cpe.model.tree.remove(row ?? '');
  assert.equal(cpe.mappings.length, 4);
  void cpe.inform('2 PERIODIC');
  await eventually(() => cpe.mappings.length === 5);
});

test('a device that keeps no lease is refused, unless the policy allows it by name', limit, async (t) => {
  const strict = await home(t, 'tr-098', { lease: 'refuses' });
  const refused = await strict.deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(refused.body.code, 'cannot-hold', JSON.stringify(refused.body));
  assert.equal(strict.cpe.model.tree.rows(strict.cpe.model.mappings).length, 0);
  const weaker = ['remotePort', 'streamType', 'revokeStopsRunning', 'symmetricSource', 'lease'];
  const loose = await home(t, 'tr-098', { lease: 'refuses' }, { weaker });
  const granted = await loose.deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(granted.status, 201, JSON.stringify(granted.body));
  assert.equal((granted.body.held as Record<string, boolean>).lease, false);
});

test('without a section for them, CWMP devices are not spoken to', limit, async (t) => {
  const deployment = await deploy();
  t.after(() => deployment[Symbol.asyncDispose]());
  assert.equal(deployment.server.cwmpPort, undefined);
  const communication = { oui: '00D09E', serial: '1' };
  await deployment.ask('operator', 'PUT', '/v1/gateways/box', { type: 'cwmp', communication });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'box' });
  const refused = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(refused.body.code, 'gateway-unspoken');
});

test('a device that is registered, removed, or given another password while the server runs', limit, async (t) => {
  const { deployment, cpe } = await home(t, 'tr-098');
  const sessions = cpe.sessions;
  const communication = { oui: identity.oui, serial: identity.serialNumber, username: 'home', password: 'changed' };
  await deployment.ask('operator', 'PUT', '/v1/gateways/box', { type: 'cwmp', communication });
  const calls = cpe.calls.length;
  await cpe.inform('1 BOOT');
  assert.ok(cpe.sessions > sessions);
  assert.equal(cpe.calls.length, calls, 'the old password is good no more');
});

test('a television that is not registered is found behind its device, by the address of either', limit, async (t) => {
  const { deployment } = await home(t, 'tr-098', {}, { discovery: 'on' });
  await deployment.ask('operator', 'DELETE', '/v1/appliances/self::tv-a');
  const known = async (applianceId: string) => {
    const { body } = await deployment.ask('operator', 'GET', `/v1/appliances/${applianceId}`);
    return { gatewayId: body.gatewayId, by: (body.evidence as { by?: string } | undefined)?.by };
  };
  const granted = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(granted.status, 201, JSON.stringify(granted.body));
  assert.deepEqual(await known('self::tv-a'), { gatewayId: 'box', by: 'address' });
  const box = await deployment.ask('operator', 'GET', '/v1/gateways/box');
  assert.deepEqual([box.body.type, box.body.evidence], ['cwmp', undefined]);

  // It informs from there, and says itself that it is elsewhere: found, and not opened.
  const flow = { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '127.0.0.1', port: 40_000 } };
  const asked = filmRequest({ applianceId: 'self::tv-b', flow });
  const refused = await deployment.ask('portal', 'POST', '/v1/sessions', asked);
  assert.equal(refused.body.code, 'path-mismatch', JSON.stringify(refused.body));
  assert.deepEqual(await known('self::tv-b'), { gatewayId: 'box', by: 'calls-in' });
  const byOperator = await deployment.ask(
    'operator',
    'POST',
    '/v1/sessions',
    filmRequest({ applianceId: 'self::tv-c' }),
  );
  assert.equal(byOperator.body.code, 'appliance-unknown', JSON.stringify(byOperator.body));
});
