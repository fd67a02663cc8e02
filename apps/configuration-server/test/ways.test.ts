import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ApplianceView } from '@sluice/api';
import { systemClock } from '@sluice/io';
import { wakeable } from '../../../packages/cwmp-acs/test/wakeable.ts';
import { Cpe } from '../../../packages/drivers/cwmp/test/cpe/cpe.ts';
import { type Deployment, deploy, filmRequest } from './deployment.ts';
import { eventually, homeGateway } from './home-gateway.ts';

const limit = { timeout: 60_000 };
const identity = { oui: '00D09E', serialNumber: '0001' };
const login = { username: 'home', password: 'sesame' };
const connectionRequest = { username: 'acs', password: 'secret' };
/** Where nobody registered anything. */
const unregistered = '127.0.0.66';
const home = { homeId: 'house', at: ['203.0.113.1'] };
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

async function server(t: TestContext, overrides: object = {}): Promise<Deployment> {
  const deployment = await deploy({
    cwmp: { hosts: ['127.0.0.1'], port: 0, stun: { host: '127.0.0.1', port: 0 } },
    limits: { exchangeMs: 5_000, verdictMs: 10_000 },
    ...overrides,
  });
  t.after(() => deployment[Symbol.asyncDispose]());
  return deployment;
}

/** A machine that says `greeting` to whoever connects, and keeps what it is told. */
async function machine(t: TestContext, host: string, greeting = '') {
  const told: string[] = [];
  let connections = 0;
  let open = 0;
  const listening = createServer((socket) => {
    connections++;
    open++;
    socket.on('data', (bytes) => told.push(bytes.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      open--;
    });
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => listening.listen(0, host, resolve));
  t.after(() => listening.close());
  const address = listening.address();
  assert.ok(typeof address === 'object' && address);
  return { told, port: address.port, connections: () => connections, open: () => open };
}

const put = async (deployment: Deployment, path: string, json: object) => {
  const { status, body } = await deployment.ask('operator', 'PUT', path, json);
  assert.equal(status, 200, JSON.stringify(body));
};
const device = (url?: string) => ({
  ...{ oui: identity.oui, serial: identity.serialNumber, ...login },
  connectionRequestUsername: connectionRequest.username,
  connectionRequestPassword: connectionRequest.password,
  ...(url !== undefined && { connectionRequestUrl: url }),
});
const ssh = (port: number) => ({
  ...{ host: '127.0.0.1', port: String(port), privateKey, hostKey: `SHA256:${'A'.repeat(43)}`, wan: 'wan', lan: 'lan' },
});

async function startCpe(t: TestContext, { server }: Deployment, external = '203.0.113.1', sayUrl?: string) {
  const cpe = new Cpe({
    ...({ model: 'tr-181', external, lan: { address: '192.168.1.1', mask: '255.255.255.0' } } as const),
    ...{ acs: { port: server.cwmpPort ?? 0 }, identity, login, connectionRequest, clock: systemClock },
  });
  t.after(() => cpe[Symbol.asyncDispose]());
  if (sayUrl === undefined) await cpe.start();
  else {
    cpe.model.tree.write(`${cpe.model.root}ManagementServer.ConnectionRequestURL`, sayUrl);
    await cpe.inform('1 BOOT');
  }
  return cpe;
}

const television = async (deployment: Deployment) =>
  (await deployment.ask('operator', 'GET', '/v1/appliances/self::tv-a')).body as unknown as ApplianceView;
const outcomes = ({ evidence }: ApplianceView) =>
  Object.fromEntries((evidence?.tried ?? []).map(({ gatewayId, outcome }) => [gatewayId, outcome]));

test(
  'a home with an agent, a TR-069 device and SSH: the best that answers is used, and another when it is gone',
  limit,
  async (t) => {
    const deployment = await server(t);
    const agent = await homeGateway(deployment);
    t.after(() => agent[Symbol.asyncDispose]());
    await agent.connect();
    const hung = await machine(t, '127.0.0.1');
    await put(deployment, '/v1/gateways/self::gateway-a', { type: 'sluice', home });
    await put(deployment, '/v1/gateways/linux', { type: 'ssh-nft', communication: ssh(hung.port), home });
    await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(), home });
    const cpe = await startCpe(t, deployment);
    const url = cpe.model.tree.value(`${cpe.model.root}ManagementServer.ConnectionRequestURL`);
    await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(url), home });
    await cpe.inform('2 PERIODIC');
    await put(deployment, '/v1/appliances/self::tv-a', { homeId: 'house' });

    const first = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
    assert.equal(first.status, 201, JSON.stringify(first.body));
    assert.equal(first.body.gatewayId, 'self::gateway-a');
    const then = await television(deployment);
    assert.deepEqual([then.homeId, then.evidence?.by], ['house', 'ways']);
    assert.deepEqual(Object.keys(outcomes(then)).toSorted(), ['box', 'linux', 'self::gateway-a']);
    assert.equal(outcomes(then)['self::gateway-a'], 'answered');
    assert.equal(outcomes(then).linux, 'late');
    await eventually(() => hung.open() === 0);
    assert.equal(cpe.mappings.length, 0, 'the device was only looked at');
    const { sessionId } = first.body;
    await deployment.ask('portal', 'DELETE', `/v1/sessions/${sessionId}`);

    // Gone: the request that meets that is refused, and the next finds the other way.
    await agent.disconnect();
    const asks = (requestId: string) => deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId }));
    assert.equal((await asks('r-2')).body.code, 'gateway-offline');
    const second = await asks('r-3');
    assert.equal(second.status, 201, JSON.stringify(second.body));
    assert.equal(second.body.gatewayId, 'box');
    assert.equal(cpe.mappings.length, 5);
    assert.deepEqual(outcomes(await television(deployment)), {
      'self::gateway-a': 'failed',
      ...{ linux: 'late', box: 'answered' },
    });
    await eventually(() => hung.open() === 0);
  },
);

test(
  'who comes from the address of a registered home is found by its ways, where discovery is on',
  limit,
  async (t) => {
    const deployment = await server(t, { discovery: 'on', registration: 'off' });
    await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(), home });
    const cpe = await startCpe(t, deployment);
    const url = cpe.model.tree.value(`${cpe.model.root}ManagementServer.ConnectionRequestURL`);
    await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(url), home });
    const asked = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest());
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    const tv = await television(deployment);
    assert.deepEqual([tv.gatewayId, tv.homeId, tv.evidence?.by], ['box', 'house', 'ways']);
    assert.equal(cpe.mappings.length, 5);
  },
);

test('no credential goes to an address that nobody registered, whoever names it', limit, async (t) => {
  const deployment = await server(t, { discovery: 'on', registration: 'off' });
  const stranger = await machine(t, unregistered, 'SSH-2.0-stranger\r\n');
  const strange = `http://${unregistered}:${stranger.port}/`;
  // The registered address of the device sends us on, the device itself names another one.
  const redirecting = await wakeable({ answer: { status: 302, headers: { location: strange } } });
  t.after(() => redirecting[Symbol.asyncDispose]());
  await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(redirecting.url), home });
  await startCpe(t, deployment, '203.0.113.1', strange);
  // A machine that took the place of the registered one is told nothing: it cannot show the host key.
  const impostor = await machine(t, '127.0.0.1', 'SSH-2.0-impostor\r\n');
  await put(deployment, '/v1/gateways/linux', { type: 'ssh-nft', communication: ssh(impostor.port), home });
  // The request comes from where the stranger is, then from the home.
  const flow = (address: string) => ({
    flow: { portal: { address: '203.0.113.20', port: 8_443 }, observed: { address, port: 40_000 } },
  });
  const far = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest(flow(unregistered)));
  assert.equal(far.body.code, 'gateway-not-found', JSON.stringify(far.body));
  assert.deepEqual(
    [redirecting.connections, impostor.connections()],
    [0, 0],
    'whose home it is not, nobody is tried for',
  );
  const near = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId: 'r-2' }));
  assert.match(
    String(near.body.message),
    /box failed: .*302.*linux (late|failed)|linux (late|failed).*box failed: .*302/,
  );
  assert.equal(redirecting.connections, 1);
  assert.ok(impostor.connections() > 0);
  for (const { told } of [impostor, stranger]) assert.doesNotMatch(told.join(''), /secret|sesame|PRIVATE/);
  assert.deepEqual(redirecting.asked, [undefined], 'who asks for no proof gets none');

  // Without a registered address the device is not woken where it says, nor where it called from.
  await put(deployment, '/v1/gateways/box', { type: 'cwmp', communication: device(), home });
  const last = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId: 'r-3' }));
  assert.match(String(last.body.message), /box barred: it last called from 127\.0\.0\.1/);
  assert.deepEqual([stranger.connections(), stranger.told], [0, []]);
});

test('an appliance is registered in a home that has a way in, or not at all', limit, async (t) => {
  const deployment = await server(t);
  const nowhere = await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { homeId: 'house' });
  assert.deepEqual([nowhere.status, nowhere.body.code], [404, 'gateway-unknown']);
  const both = { homeId: 'house', gatewayId: 'box' };
  assert.equal((await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', both)).status, 400);
  const wrong = { type: 'sluice', home: { homeId: 'house', at: ['everywhere'] } };
  assert.equal((await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', wrong)).status, 400);
  await put(deployment, '/v1/gateways/self::gateway-a', { type: 'sluice', home });
  const { body } = await deployment.ask('operator', 'GET', '/v1/gateways/self::gateway-a');
  assert.deepEqual(body.home, { homeId: 'house', at: ['203.0.113.1/32'] });
  await put(deployment, '/v1/appliances/self::tv-a', { homeId: 'house' });
  assert.deepEqual(await television(deployment), {
    ...{ applianceId: 'self::tv-a', gatewayId: 'self::gateway-a', homeId: 'house' },
  });
});
