import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateView, remoteAuthority } from '@sluice/api';
import {
  certificateRequest,
  encodeEnrolmentToken,
  joinDeployment,
  newKey,
  readEnrolmentToken,
  readIdentity,
} from '@sluice/identity';
import { httpsPeer, silentLog, systemClock } from '@sluice/io';
import { enrol } from '../../cli/enrolling.ts';
import { type Deployment, deploy } from './deployment.ts';
import { eventually, homeGateway } from './home-gateway.ts';

const patience = () => AbortSignal.timeout(10_000);

/** A configuration server that holds its authority, and lets parts enrol. */
function deployWithAuthority(more: object = {}): Promise<Deployment> {
  return deploy({ enrolment: { hosts: ['127.0.0.1'], port: 0 }, ...more }, { holdsAuthority: true });
}

async function tokenFor(deployment: Deployment, endpointId: string, more: object = {}): Promise<string> {
  const json = { endpointId, role: 'gateway', ...more };
  const { status, body } = await deployment.ask('operator', 'POST', '/v1/enrolment-tokens', json);
  assert.equal(status, 201);
  return String(body.token);
}

test('a part enrols with a token, once, and is known by its certificate', async () => {
  await using deployment = await deployWithAuthority();
  const token = await tokenFor(deployment, 'self::gateway-new', { names: ['gateway.test'] });
  const directory = join(deployment.directory, 'gateway-new');
  await enrol(token, directory, patience());
  const identity = await readIdentity(directory);
  assert.deepEqual([identity.endpointId, identity.role], ['self::gateway-new', 'gateway']);
  const { status } = await deployment.peer(identity).ask('GET', '/v1/revocations', undefined, patience());
  assert.equal(status, 200);
  await assert.rejects(enrol(token, join(deployment.directory, 'again'), patience()), /enrolment-refused/);
});

test('an expired, a forged, a replaced and an unknown token are refused alike', async () => {
  await using deployment = await deployWithAuthority();
  const replaced = await tokenFor(deployment, 'self::gateway-a');
  const expired = await tokenFor(deployment, 'self::gateway-b', { validSeconds: 1 });
  const read = readEnrolmentToken(await tokenFor(deployment, 'self::gateway-a'));
  assert.ok(read);
  const forged = encodeEnrolmentToken({ ...read, secret: 'guess' });
  const unknown = encodeEnrolmentToken({ ...read, endpointId: 'self::nobody' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  for (const token of [replaced, expired, forged, unknown])
    await assert.rejects(
      enrol(token, join(deployment.directory, 'none'), patience()),
      /enrolment-refused: the token was used, has expired or is unknown/,
    );
});

test('a server of another deployment gets no secret', async () => {
  await using deployment = await deployWithAuthority();
  const read = readEnrolmentToken(await tokenFor(deployment, 'self::gateway-a'));
  assert.ok(read);
  const token = encodeEnrolmentToken({ ...read, fingerprint: 'ab'.repeat(32) });
  await assert.rejects(enrol(token, join(deployment.directory, 'none'), patience()), /not of the deployment/);
  await enrol(encodeEnrolmentToken(read), join(deployment.directory, 'a'), patience());
});

test('guessing is stopped', async () => {
  await using deployment = await deployWithAuthority();
  const { url } = readEnrolmentToken(await tokenFor(deployment, 'self::gateway-a')) ?? { url: '' };
  const { caPem } = await deployment.issue('self::x', 'gateway');
  await using guesser = httpsPeer({ origin: url, tls: { ca: caPem, minVersion: 'TLSv1.3' }, accepts: () => true });
  const statuses = [];
  for (let i = 0; i < 22; i++)
    statuses.push((await guesser.ask('POST', '/v1/enrolments', { secret: `${i}` }, patience())).status);
  assert.deepEqual([statuses[0], statuses.at(-1)], [400, 429]);
});

test('a certificate is renewed for whoever holds it, and for nobody else', async () => {
  await using deployment = await deployWithAuthority({ certificates: { lifetimeSeconds: 60 } });
  const portal = await deployment.issue('self::portal-1', 'portal');
  const ask = async (endpointId: string) => {
    const json = { certificateRequest: await certificateRequest(await newKey(), endpointId) };
    const { status, body } = await deployment.peer(portal).ask('POST', '/v1/renewals', json, patience());
    return { status, body: JSON.parse(body.toString('utf8')) };
  };
  const renewed = await ask('self::portal-1');
  assert.equal(renewed.status, 201);
  const { certificate, role } = certificateView.parse(renewed.body);
  assert.equal(role, 'portal');
  assert.equal(
    new X509Certificate(certificate).subjectAltName,
    new X509Certificate(portal.certPem).subjectAltName,
    'it serves under the same names',
  );
  assert.equal((await ask('self::gateway-a')).body.code, 'malformed');
});

test('a member renews itself and hears of revocations', async (t) => {
  await using deployment = await deployWithAuthority({ certificates: { lifetimeSeconds: 3 } });
  const directory = join(deployment.directory, 'portal');
  const token = await tokenFor(deployment, 'self::portal-9', { role: 'portal' });
  await enrol(token, directory, patience());
  using own = await joinDeployment({ directory, clock: systemClock, log: silentLog });
  const peer = deployment.peer(own.identity);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const first = own.identity.certPem;
  void own.follow(remoteAuthority({ name: 'configuration server', peer, clock: systemClock }), ending.signal);
  await deployment.ask('operator', 'POST', '/v1/revocations', { endpointId: 'self::gateway-x' });
  await eventually(() => own.revocations.last === 1);
  await eventually(() => own.identity.certPem !== first);
  assert.equal((await readIdentity(directory)).certPem, own.identity.certPem);
  const second = own.identity.certPem;
  await eventually(() => own.identity.certPem !== second);
  await deployment.ask('operator', 'POST', '/v1/revocations', { endpointId: 'self::gateway-y' });
  await eventually(() => own.revocations.last === 2);
});

test('a revoked gateway is cut off at once, and a revoked portal is not answered any more', async () => {
  await using deployment = await deployWithAuthority();
  await using home = await homeGateway(deployment);
  await home.connect();
  const portal = await deployment.issue('self::portal-1', 'portal');
  const peer = deployment.peer(portal);
  assert.equal((await peer.ask('GET', '/healthz', undefined, patience())).status, 200);
  for (const endpointId of ['self::gateway-a', 'self::portal-1'])
    assert.equal((await deployment.ask('operator', 'POST', '/v1/revocations', { endpointId })).status, 201);
  await eventually(
    async () => (await deployment.ask('operator', 'GET', '/v1/gateways/self::gateway-a')).body.online === false,
  );
  await assert.rejects(home.connect());
  await assert.rejects(peer.ask('GET', '/healthz', undefined, patience()), { name: 'PeerUnreachable' });
  await deployment.restart();
  await assert.rejects(peer.ask('GET', '/healthz', undefined, patience()), { name: 'PeerUnreachable' });
});

test('only an operator makes tokens and revokes', async () => {
  await using deployment = await deployWithAuthority();
  for (const role of ['portal', 'gateway', 'media-server', 'appliance', 'auditor'] as const)
    for (const path of ['/v1/enrolment-tokens', '/v1/revocations'])
      assert.equal((await deployment.ask(role, 'POST', path, { endpointId: 'self::x', role })).status, 403, path);
});

test('a server without authority makes no certificates', async () => {
  await using deployment = await deploy();
  const { body } = await deployment.ask('operator', 'POST', '/v1/enrolment-tokens', {
    endpointId: 'x',
    role: 'portal',
  });
  assert.equal(body.code, 'enrolment-refused');
  const json = { certificateRequest: await certificateRequest(await newKey(), 'self::portal-1') };
  assert.equal((await deployment.ask('portal', 'POST', '/v1/renewals', json)).body.code, 'enrolment-refused');
});
