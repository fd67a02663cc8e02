import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { type Identity, writeIdentity } from '@sluice/identity';
import { type HttpsPeer, httpsPeer, systemClock } from '@sluice/io';
import { type Deployment, deploy, filmRequest, type Reply } from './deployment.ts';
import { type OpenIdIssuer, openIdIssuer } from './open-id-issuer.ts';
import { roleTable } from './role-table.ts';

const password = 'correct horse battery';
let deployment: Deployment;
let issuer: OpenIdIssuer;
let operator: Identity;

before(async () => {
  issuer = await openIdIssuer();
  const oidc = { issuer: issuer.issuer, audience: 'sluice', authority: issuer.caFile };
  deployment = await deploy({ operators: { hosts: ['127.0.0.1'], port: 0, oidc } });
  operator = await deployment.issue('self::operator-1', 'operator');
  await writeIdentity(join(deployment.directory, 'operator'), operator);
  for (const [name, role] of [
    ['alice', 'operator'],
    ['carol', 'auditor'],
  ])
    assert.equal((await deployment.ask('operator', 'PUT', `/v1/operators/${name}`, { role, password })).status, 200);
});

after(async () => {
  await deployment[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A connection to where people sign in, with a token or without. */
function connected(token: string | undefined): HttpsPeer {
  return httpsPeer({
    origin: `https://127.0.0.1:${deployment.server.signInPort}`,
    tls: { ca: operator.caPem, minVersion: 'TLSv1.3' },
    accepts: () => true,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  });
}

/** Asks over a connection of its own. */
async function ask(token: string | undefined, method: Method, path: string, json?: unknown) {
  await using peer = connected(token);
  return await askOver(peer, method, path, json);
}

async function askOver(peer: HttpsPeer, method: Method, path: string, json?: unknown) {
  const { status, body } = await peer.ask(method, path, json, AbortSignal.timeout(10_000));
  return { status, body: body.length === 0 ? {} : JSON.parse(body.toString('utf8')) } as Reply;
}

async function signIn(name: string, given = password): Promise<string> {
  const { status, body } = await ask(undefined, 'POST', '/v1/sign-ins', { name, password: given });
  assert.equal(status, 201, JSON.stringify(body));
  return String(body.token);
}

test('what each may do who signed in is what the table of roles says, and nothing that parts do for themselves', async () => {
  // What a part does with its own certificate nobody does with a token; and what goes on for ever is not asked here.
  const ofParts = ['POST /v1/renewals', 'GET /v1/revocations/stream', 'GET /v1/appliance-links/stream'];
  for (const [name, role] of [
    ['alice', 'operator'],
    ['carol', 'auditor'],
  ] as const) {
    // A new connection for each question would be taken for a flood.
    await using nobody = connected(undefined);
    await using somebody = connected(await signIn(name));
    for (const [route, permitted] of Object.entries(roleTable)) {
      if (ofParts.includes(route)) continue;
      const [method, template] = route.split(' ') as ['GET' | 'PUT' | 'POST' | 'DELETE', string];
      const path = template.replace(/\{\w+\}/, 'none');
      const json = method === 'GET' ? undefined : {};
      assert.deepEqual((await askOver(nobody, method, path, json)).body.code, 'sign-in-needed', route);
      const { status, body } = await askOver(somebody, method, path, json);
      const what = `${route} as ${role}: ${status} ${body.code}`;
      if (permitted.includes(role)) assert.ok(status !== 403 && status < 500, what);
      else assert.deepEqual([status, body.code], [403, 'not-permitted'], what);
    }
  }
});

test('an operator who signed in does what one with a certificate does', async () => {
  const token = await signIn('alice');
  assert.equal((await ask(token, 'PUT', '/v1/gateways/self::gateway-b', { type: 'sluice' })).status, 200);
  assert.equal((await ask(token, 'PUT', '/v1/appliances/self::tv-b', { gatewayId: 'self::gateway-b' })).status, 200);
  const { body } = await ask(token, 'POST', '/v1/sessions', filmRequest({ applianceId: 'self::tv-b' }));
  assert.equal(body.code, 'gateway-offline');
  const { body: all } = await ask(token, 'GET', '/v1/sessions?applianceId=self::tv-b');
  assert.equal((all.sessions as { portalId: string }[])[0]?.portalId, 'operator:alice');
});

test('a wrong password, an unknown name and a bad one are told apart by nobody', async () => {
  const tries = [
    { name: 'alice', password: 'wrong horse battery' },
    { name: 'nobody', password },
  ];
  const answers = await Promise.all(tries.map((json) => ask(undefined, 'POST', '/v1/sign-ins', json)));
  assert.deepEqual(answers[0], answers[1]);
  assert.deepEqual([answers[0]?.status, answers[0]?.body.code], [403, 'sign-in-refused']);
});

test('a short password is not taken, and none is ever shown', async () => {
  const short = await deployment.ask('operator', 'PUT', '/v1/operators/dave', { password: 'short' });
  assert.deepEqual([short.status, short.body.code], [400, 'malformed']);
  assert.match(short.body.message ?? '', /12 characters or more/);
  const { body } = await deployment.ask('auditor', 'GET', '/v1/operators');
  const expected = [
    { name: 'alice', role: 'operator' },
    { name: 'carol', role: 'auditor' },
  ];
  assert.deepEqual(body, { operators: expected });
});

test('a token outlives neither its account nor another password; it outlives a restart of the server', async () => {
  const put = (more: object) => deployment.ask('operator', 'PUT', '/v1/operators/erin', { password, ...more });
  await put({});
  const first = await signIn('erin');
  await deployment.restart();
  assert.equal((await ask(first, 'GET', '/v1/status')).status, 200);
  await put({ role: 'auditor' });
  assert.equal((await ask(first, 'GET', '/v1/status')).body.code, 'sign-in-needed');
  const second = await signIn('erin');
  assert.equal((await ask(second, 'GET', '/v1/status')).status, 200);
  assert.equal((await deployment.ask('operator', 'DELETE', '/v1/operators/erin')).status, 204);
  assert.equal((await ask(second, 'GET', '/v1/status')).body.code, 'sign-in-needed');
  assert.equal((await deployment.ask('operator', 'DELETE', '/v1/operators/erin')).body.code, 'operator-unknown');
});

test('where parts connect nobody gets in with a token and no certificate; where people do, no certificate counts', async () => {
  const token = await signIn('alice');
  const heard = (port: number | undefined, identity: Partial<Identity>, header: string) =>
    new Promise<string>((resolve) => {
      const { certPem: cert, keyPem: key } = identity;
      const tls = { ca: operator.caPem, ...(cert !== undefined && key !== undefined && { cert, key }) };
      const socket = connect({ host: '127.0.0.1', port: port ?? 0, ...tls });
      let text = '';
      socket.setEncoding('utf8').on('data', (more) => {
        text += more;
      });
      socket.on('error', () => resolve('error'));
      socket.on('close', () => resolve(text));
      socket.write(`GET /v1/status HTTP/1.1\r\nhost: localhost\r\n${header}connection: close\r\n\r\n`);
    });
  const bearer = `authorization: Bearer ${token}\r\n`;
  const { apiPort, uspPort, signInPort } = deployment.server;
  for (const port of [apiPort, uspPort]) assert.doesNotMatch(await heard(port, {}, bearer), /^HTTP\/1.1 2/);
  const portal = await deployment.issue('self::portal-1', 'portal');
  assert.match(
    await heard(apiPort, portal, bearer),
    /^HTTP\/1.1 403/,
    'a certificate is who one is, whatever else one shows',
  );
  assert.match(await heard(signInPort, operator, ''), /^HTTP\/1.1 401(.|\s)*sign-in-needed/);
  assert.match(await heard(signInPort, {}, bearer), /^HTTP\/1.1 200/);
});

test('a token of the OpenID provider counts, with the role that stands in it', async () => {
  const now = systemClock.now();
  const asOperator = await issuer.token(now, { roles: ['sluice-operator'] });
  const asAuditor = await issuer.token(now, { roles: ['sluice-auditor'] });
  assert.equal((await ask(asOperator, 'PUT', '/v1/gateways/self::gateway-c', { type: 'sluice' })).status, 200);
  assert.equal((await ask(asAuditor, 'GET', '/v1/gateways/self::gateway-c')).status, 200);
  assert.equal((await ask(asAuditor, 'DELETE', '/v1/gateways/self::gateway-c')).status, 403);
  for (const token of [await issuer.token(now), await issuer.token(now, { roles: ['sluice-operator'], aud: 'else' })])
    assert.deepEqual((await ask(token, 'GET', '/v1/status')).status, 401);
});

test('while the OpenID provider is away its tokens wait, and passwords do not', async () => {
  await using away = await openIdIssuer();
  const oidc = { issuer: away.issuer, audience: 'sluice', authority: away.caFile };
  await using other = await deploy({ operators: { hosts: ['127.0.0.1'], port: 0, oidc } });
  await other.ask('operator', 'PUT', '/v1/operators/alice', { password });
  const token = await away.token(systemClock.now(), { roles: 'sluice-operator' });
  await away.stop();
  const before = [deployment, operator] as const;
  [deployment, operator] = [other, await other.issue('self::operator-1', 'operator')];
  const told = await ask(token, 'GET', '/v1/status');
  const status = (await ask(await signIn('alice'), 'GET', '/v1/status')).status;
  [deployment, operator] = before;
  assert.deepEqual([told.status, told.body.code], [502, 'part-unreachable']);
  assert.equal(status, 200);
});

/** Runs `sluice` with something on its standard input. */
async function sluice(
  input: string,
  ...words: string[]
): Promise<{ status: number | null; out: string; error: string }> {
  const { SLUICE_SERVER: _server, SLUICE_IDENTITY: _identity, ...env } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../cli/main.ts'), ...words], {
    env: { ...env, SLUICE_SIGN_IN: join(deployment.directory, 'home', 'sign-in.json') },
  });
  const texts = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (more) => {
    texts.out += more;
  });
  child.stderr.setEncoding('utf8').on('data', (more) => {
    texts.error += more;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, ...texts };
}

test('from the command line: an account, a sign-in, and the same commands without a certificate', async () => {
  const api = ['--server', `https://127.0.0.1:${deployment.server.apiPort}`];
  const identity = ['--identity', join(deployment.directory, 'operator')];
  const early = await sluice('', 'status');
  assert.deepEqual([early.status, /sluice sign-in NAME/.test(early.error)], [1, true], early.error);

  const added = await sluice(`${password}\n`, 'operator', 'add', 'frank', '--role', 'auditor', ...api, ...identity);
  const [, server = '', fingerprint = ''] =
    /^frank is registered as auditor, and signs in with\n {2}sluice sign-in frank --server (\S+) --fingerprint ([0-9a-f]{64})\n$/.exec(
      added.out,
    ) ?? [];
  assert.equal(server, `https://127.0.0.1:${deployment.server.signInPort}`, added.out + added.error);

  const stranger = await sluice(`${password}\n`, 'sign-in', 'frank', '--server', server);
  assert.match(stranger.error, /how is https:\S+ known\?/);
  const other = await sluice(`${password}\n`, 'sign-in', 'frank', '--server', server, '--fingerprint', 'ab'.repeat(32));
  assert.match(other.error, /not of the deployment/);
  const wrong = await sluice(
    'wrong wrong wrong\n',
    'sign-in',
    'frank',
    '--server',
    server,
    '--fingerprint',
    fingerprint,
  );
  assert.deepEqual([wrong.status, /sign-in-refused/.test(wrong.error)], [1, true], wrong.error);

  const signed = await sluice(`${password}\n`, 'sign-in', 'frank', '--server', server, '--fingerprint', fingerprint);
  assert.match(signed.out, /^frank is signed in at https:\S+ until /, signed.error);
  const kept = join(deployment.directory, 'home', 'sign-in.json');
  assert.equal((await stat(kept)).mode & 0o777, 0o600);
  assert.match((await sluice('', 'status')).out, /^gateways/);
  assert.match((await sluice('', 'operator', 'list')).out, /frank +auditor/);
  const denied = await sluice('', 'register', 'gateway', 'self::gateway-d');
  assert.match(denied.error, /^not-permitted: operator:frank has the role auditor/);

  const now = systemClock.now();
  const token = await issuer.token(now, { roles: 'sluice-operator', preferred_username: 'grace' });
  assert.match((await sluice(`${token}\n`, 'sign-in', '--token', '--server', server)).out, /^grace is signed in/);
  const portal = await sluice('', 'register', 'portal', 'self::portal-8', '--remote', '203.0.113.10, 2001:db8::/32');
  assert.equal(portal.out, 'self::portal-8 is registered with 203.0.113.10/32, 2001:db8::/32\n', portal.error);
  assert.match((await sluice('', 'portals')).out, /self::portal-8 +203\.0\.113\.10\/32 2001:db8::\/32/);

  const box = ['register', 'gateway', 'box', '--type', 'cwmp', '--with', 'oui=00256D', '--with', 'serial=17'];
  const seen = await sluice('', ...box, '--with', 'password=hunter2');
  assert.match(seen.error, /password would be seen by everybody/);
  const registered = await sluice('hunter2-hunter2\n', ...box, '--secret', 'password');
  assert.match(registered.out, /^box is/, registered.error);
  const shown = await deployment.ask('operator', 'GET', '/v1/gateways/box');
  assert.deepEqual(shown.body.communication, { oui: '00256D', serial: '17', password: '***' });

  assert.match((await sluice('', 'operator', 'remove', 'frank')).out, /^frank is removed/);
  assert.match((await sluice('', 'sign-out')).out, /^grace is signed out/);
  assert.match((await sluice('', 'status')).error, /sluice sign-in NAME/);
});
