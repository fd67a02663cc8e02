import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { after, before, test } from 'node:test';
import { clientTls, type Identity, roles } from '@sluice/identity';
import { type Deployment, deploy, filmRequest } from './deployment.ts';
import { roleTable } from './role-table.ts';

let deployment: Deployment;

before(async () => {
  deployment = await deploy();
  await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice' });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'self::gateway-a' });
});

after(() => deployment[Symbol.asyncDispose]());

interface Heard {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly code: string | undefined;
}

/** One exchange; of an answer that goes on, its beginning. */
function ask(identity: Identity, method: string, path: string, json?: unknown): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  const port = deployment.server.apiPort;
  const asking = httpsRequest({ host: '127.0.0.1', port, method, path, agent: false, ...clientTls(identity) });
  asking.on('error', reject);
  asking.on('response', (response) => {
    const { statusCode: status = 0, headers } = response;
    const retryAfter = headers['retry-after'];
    if (headers['content-type'] === 'text/event-stream') {
      resolve({ status, retryAfter, code: undefined });
      asking.destroy();
      return;
    }
    let text = '';
    response.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    response.on('end', () => {
      const { code } = (text === '' ? {} : JSON.parse(text)) as { code?: string };
      resolve({ status, retryAfter, code });
    });
  });
  const body = json === undefined ? undefined : JSON.stringify(json);
  if (body !== undefined) {
    asking.setHeader('content-type', 'application/json');
    asking.setHeader('content-length', body.length);
  }
  asking.end(body);
  return promise;
}

test('the table has every route', async () => {
  const { body } = await deployment.ask('operator', 'GET', '/openapi.json');
  const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual([...routes, 'GET /openapi.json'].sort(), Object.keys(roleTable).sort());
});

test('every route, in every role', async () => {
  for (const role of roles) {
    const identity = await deployment.issue(`self::${role}-7`, role);
    for (const [route, permitted] of Object.entries(roleTable)) {
      const [method = '', template = ''] = route.split(' ');
      const path = template.replace(/\{\w+\}/, 'none');
      const methods = method === 'GET' && !path.endsWith('stream') ? [method, 'HEAD'] : [method];
      for (const each of methods) {
        const { status, code } = await ask(identity, each, path, each === 'GET' || each === 'HEAD' ? undefined : {});
        const what = `${each} ${template} as ${role}: ${status} ${code}`;
        if (permitted.includes(role)) assert.notEqual(status, 403, what);
        else assert.equal(status, 403, what);
        if (each !== 'HEAD' && status === 403) assert.equal(code, 'not-permitted', what);
        assert.ok(status < 500, what);
      }
    }
  }
});

test('an auditor sees every session, a portal its own; what is not its own is not there', async () => {
  const { body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId: 'roles-1' }));
  assert.equal(body.code, 'gateway-offline');
  const { body: all } = await deployment.ask('auditor', 'GET', '/v1/sessions');
  const [session] = all.sessions as { sessionId: string; portalId: string }[];
  assert.equal(session?.portalId, 'self::portal-1');
  const path = `/v1/sessions/${session?.sessionId}`;
  const other = await deployment.issue('self::portal-2', 'portal');
  const own = await deployment.issue('self::portal-1', 'portal');
  assert.equal((await ask(own, 'GET', path)).status, 200);
  for (const method of ['GET', 'DELETE']) {
    const { status, code } = await ask(other, method, path);
    assert.deepEqual([status, code], [404, 'session-unknown'], method);
  }
  assert.equal((await deployment.ask('auditor', 'GET', path)).status, 200);
  assert.equal((await deployment.ask('auditor', 'DELETE', path)).status, 403);
});

test('a portal asks for the streams of its own media servers alone', async () => {
  const portal = await deployment.issue('self::portal-3', 'portal');
  const asked = async (requestId: string) => {
    const { status, code } = await ask(portal, 'POST', '/v1/sessions', filmRequest({ requestId }));
    return [status, code];
  };
  const register = (remotes: string[]) => deployment.ask('operator', 'PUT', '/v1/portals/self::portal-3', { remotes });
  assert.deepEqual(await asked('p-1'), [404, 'portal-unknown']);
  await register(['198.51.100.7', '2001:db8::/32']);
  assert.deepEqual(await asked('p-1'), [403, 'not-permitted']);
  const { body } = await register(['198.51.100.7', '203.0.113.10']);
  assert.deepEqual(body.remotes, ['198.51.100.7/32', '203.0.113.10/32']);
  assert.deepEqual(await asked('p-1'), [503, 'gateway-offline']);
  await deployment.ask('operator', 'DELETE', '/v1/portals/self::portal-3');
  assert.deepEqual(await asked('p-1'), [503, 'gateway-offline'], 'asking again gives the verdict there was');
  assert.deepEqual(await asked('p-2'), [404, 'portal-unknown']);
  const wrong = await register(['203.0.113.10/33']);
  assert.deepEqual([wrong.status, wrong.body.code], [400, 'malformed']);
});

test('portals that are not registered may be permitted by name', async () => {
  await using lax = await deploy({ unregisteredPortals: 'permitted' });
  await lax.ask('operator', 'DELETE', '/v1/portals/self::portal-1');
  const { body } = await lax.ask('portal', 'POST', '/v1/sessions', filmRequest());
  assert.equal(body.code, 'appliance-unknown');
});

test('who asks too often is told when to ask again; asking again with the same id does not count', async () => {
  await using strict = await deploy({ limits: { requests: { appliance: { burst: 2, perSecond: 0.1 } } } });
  await strict.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice' });
  await strict.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId: 'self::gateway-a' });
  const asked = async (requestId: string, more: object = {}) =>
    (await strict.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId, ...more }))).body;
  for (const id of ['a', 'a', 'a', 'b', 'b']) assert.equal((await asked(id)).code, 'gateway-offline', id);
  const late = await asked('c');
  assert.equal(late.code, 'rate-limited');
  assert.equal(late.retryAfterSeconds, 10);
  assert.equal((await asked('a')).code, 'gateway-offline');
  assert.equal((await asked('c', { applianceId: 'self::tv-b' })).code, 'appliance-unknown');
  const before = deployment;
  deployment = strict;
  const portal = await strict.issue('self::portal-1', 'portal');
  const heard = await ask(portal, 'POST', '/v1/sessions', filmRequest({ requestId: 'c' }));
  deployment = before;
  assert.deepEqual([heard.status, heard.retryAfter], [429, '10']);
});

test('a secret is taken, kept, and never shown', async () => {
  const put = (communication: object) =>
    deployment.ask('operator', 'PUT', '/v1/gateways/router', { type: 'cwmp', communication });
  const device = { oui: '00256D', serial: '17', username: 'acs' };
  const { body } = await put({ ...device, password: 'hunter2-hunter2' });
  assert.deepEqual(body.communication, { ...device, password: '***' });
  for (const path of ['/v1/gateways', '/v1/gateways/router'])
    assert.ok(!JSON.stringify((await deployment.ask('auditor', 'GET', path)).body).includes('hunter2'), path);
  const masked = await put({ ...device, connectionRequestUrl: 'http://203.0.113.66/', password: '***' });
  assert.deepEqual([masked.status, masked.body.code], [400, 'malformed']);
});
