import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { trustIn, verifyLog } from '@sluice/audit';
import { certificateRequest, newKey, readIdentity, writeIdentity } from '@sluice/identity';
import { httpsPeer, silentLog, systemClock } from '@sluice/io';
import { inMemoryDataPlane } from '@sluice/kernel';
import { gatewayConfig } from '../../gateway/config.ts';
import { type Machine, runGateway } from '../../gateway/main.ts';
import { configurationServerConfig, runConfigurationServer } from '../index.ts';
import { type Deployment, deploy, filmRequest } from './deployment.ts';
import { eventually, homeGateway } from './home-gateway.ts';

type Line = Record<string, unknown> & { kind: string };

const patience = () => AbortSignal.timeout(10_000);

async function linesIn(directory: string): Promise<Line[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line));
}

const auditOf = ({ directory }: Deployment) => join(directory, 'registrations.sqlite-audit');

async function verified(deployment: Deployment, path: string, of: string) {
  const { caPem } = await readIdentity(join(deployment.directory, 'own'));
  return verifyLog({ path, of, trust: trustIn(caPem) }, patience());
}

test("a session's life: who asked, what opened where, for whom, until when, what passed, why it closed", async () => {
  await using deployment = await deploy();
  await using home = await homeGateway(deployment);
  await home.connect();
  const asked = filmRequest({ requestId: 'w-1', consent: 'aaaa.bbbb.cccc' });
  const { status, body } = await deployment.ask('portal', 'POST', '/v1/sessions', asked);
  assert.equal(status, 201, JSON.stringify(body));
  const { sessionId } = body;
  for (const held of home.gateway.dataPlane.read()) home.gateway.dataPlane.pass(held, 7, 700);
  const path = `/v1/sessions/${String(sessionId)}`;
  await deployment.ask('portal', 'POST', '/v1/sessions', asked);
  await deployment.ask('operator', 'DELETE', `${path}?reason=revoked`);
  await deployment.ask(
    'portal',
    'POST',
    '/v1/sessions',
    filmRequest({ requestId: 'w-2', applianceId: 'self::nobody' }),
  );
  await deployment.ask('portal', 'DELETE', '/v1/gateways/self::gateway-a');
  await home.disconnect();
  await deployment.server[Symbol.asyncDispose]();

  const lines = await linesIn(auditOf(deployment));
  const story = lines.filter(({ session }) => session === sessionId);
  assert.deepEqual(
    story.map(({ kind }) => kind),
    ['session-asked', 'session-opened', 'session-closed'],
  );
  const whose = {
    request: 'w-1',
    appliance: 'self::tv-a',
    content: 'film',
    portal: 'self::portal-1',
    gateway: 'self::gateway-a',
  };
  for (const line of story)
    assert.deepEqual(Object.fromEntries(Object.keys(whose).map((name) => [name, line[name]])), whose);
  const [ask, opened, closed] = story;
  assert.deepEqual([ask?.from, ask?.consent, ask?.local], ['203.0.113.1:40000', 'signed', ['192.168.1.2']]);
  const openings = opened?.openings as Record<string, string>[];
  assert.deepEqual(
    openings.map(({ stream, type, remote, local }) => `${stream} ${type} ${remote} ${local}`),
    [
      'video rtp 203.0.113.10:7000 192.168.1.2:5000',
      'video-rtcp rtcp 203.0.113.10:7001 192.168.1.2:5001',
      'audio rtp 203.0.113.10:7002 192.168.1.2:5002',
      'audio-rtcp rtcp 203.0.113.10:7003 192.168.1.2:5003',
      'subtitles tcp 203.0.113.10:7004 192.168.1.2:5004',
    ],
  );
  assert.ok(openings.every(({ global }) => /^203\.0\.113\.1:\d+$/.test(global ?? '')));
  assert.ok(Date.parse(String(opened?.until)) > Date.parse(String(opened?.at)));
  assert.deepEqual([closed?.why, closed?.packets, closed?.bytes], ['revoked', 35, 3_500]);

  const of = (kind: string) => lines.filter((line) => line.kind === kind);
  assert.deepEqual(
    of('session-refused').map(({ request, code, session }) => [request, code, session]),
    [['w-2', 'appliance-unknown', undefined]],
  );
  assert.deepEqual(of('gateway-online').map(({ gateway, why }) => [gateway, why])[0], ['self::gateway-a', 'online']);
  assert.equal(of('gateway-offline')[0]?.gateway, 'self::gateway-a');
  assert.deepEqual(
    of('operator-signed-in').map(({ operator, how }) => [operator, how]),
    [['self::operator-1', 'certificate']],
  );
  assert.deepEqual(
    of('operator-acted').map(({ operator, what, about, status }) => [operator, what, about, status]),
    [
      ['self::operator-1', 'PUT /v1/portals/:portalId', { portalId: 'self::portal-1' }, 200],
      ['self::operator-1', 'PUT /v1/gateways/:gatewayId', { gatewayId: 'self::gateway-a', type: 'sluice' }, 200],
      [
        'self::operator-1',
        'PUT /v1/appliances/:applianceId',
        { applianceId: 'self::tv-a', gatewayId: 'self::gateway-a' },
        200,
      ],
      ['self::operator-1', 'DELETE /v1/sessions/:sessionId', { sessionId, reason: 'revoked' }, 200],
      ['self::portal-1', 'DELETE /v1/gateways/:gatewayId', { gatewayId: 'self::gateway-a' }, 403],
    ],
  );
  assert.doesNotMatch(JSON.stringify(lines), /aaaa\.bbbb/, 'a signature is no business of a log');
  const { wrong, notes } = await verified(deployment, auditOf(deployment), 'self::configuration-1');
  assert.deepEqual([wrong, notes], [[], []]);
});

test('status tells where the log has come to; it goes on over a restart, and must hold what was noted elsewhere', async () => {
  await using deployment = await deploy();
  const { body } = await deployment.ask('operator', 'GET', '/v1/status');
  const { seq, hash, lost } = body.audit as { seq: number; hash: string; lost: number };
  assert.ok(seq >= 2 && lost === 0 && /^[0-9a-f]{64}$/.test(hash), JSON.stringify(body));
  await deployment.restart();
  await deployment.ask('operator', 'PUT', '/v1/gateways/self::gateway-a', { type: 'sluice', communication: {} });
  await deployment.server[Symbol.asyncDispose]();
  const { caPem } = await readIdentity(join(deployment.directory, 'own'));
  const wish = { path: auditOf(deployment), trust: trustIn(caPem) };
  assert.deepEqual((await verifyLog({ ...wish, expect: [{ seq, hash }] }, patience())).wrong, []);
  const other = { seq, hash: hash.replace(/./g, '0') };
  assert.equal((await verifyLog({ ...wish, expect: [other] }, patience())).wrong.length, 1);
});

test('a second server on the same database does not touch the log of the first', async () => {
  await using deployment = await deploy();
  const config = configurationServerConfig.parse({
    identity: join(deployment.directory, 'own'),
    database: join(deployment.directory, 'registrations.sqlite'),
  });
  await assert.rejects(runConfigurationServer(config, silentLog, patience()), /another process holds it/);
  await deployment.server[Symbol.asyncDispose]();
  assert.deepEqual(
    (await linesIn(auditOf(deployment))).flatMap(({ kind, why }) => (kind === 'log' ? [why] : [])),
    ['begun'],
  );
});

test('who signs in with a password is told, and who does not; no password is', async () => {
  await using deployment = await deploy({ operators: { hosts: ['127.0.0.1'], port: 0 } });
  const password = 'correct horse battery';
  await deployment.ask('operator', 'PUT', '/v1/operators/alice', { role: 'auditor', password });
  const { caPem } = await readIdentity(join(deployment.directory, 'own'));
  const origin = `https://127.0.0.1:${deployment.server.signInPort}`;
  await using door = httpsPeer({ origin, tls: { ca: caPem, minVersion: 'TLSv1.3' }, accepts: () => true });
  const statuses: number[] = [];
  for (const json of [
    { name: 'alice', password },
    { name: 'alice', password: 'wrong horse battery' },
    { name: password, password: 'alice' },
  ])
    statuses.push((await door.ask('POST', '/v1/sign-ins', json, patience())).status);
  await deployment.server[Symbol.asyncDispose]();
  const lines = await linesIn(auditOf(deployment));
  const told = lines.filter(({ kind, how }) => kind === 'operator-signed-in' && how === 'password');
  assert.deepEqual(
    told.map(({ operator, role, refused }) => [operator, role, refused]),
    [
      ['operator:alice', 'auditor', undefined],
      ['operator:alice', 'auditor', statuses[1]],
      ['nobody', undefined, statuses[2]],
    ],
  );
  const put = lines.find(({ what }) => what === 'PUT /v1/operators/:name');
  assert.deepEqual(put?.about, { name: 'alice', role: 'auditor' });
  assert.doesNotMatch(JSON.stringify(lines), /horse/);
});

test('certificates that are made and revoked are told', async () => {
  await using deployment = await deploy({}, { holdsAuthority: true });
  const portal = await deployment.issue('self::portal-1', 'portal');
  const json = { certificateRequest: await certificateRequest(await newKey(), 'self::portal-1') };
  await deployment.peer(portal).ask('POST', '/v1/renewals', json, patience());
  await deployment.ask('operator', 'POST', '/v1/revocations', { endpointId: 'self::portal-1' });
  await deployment.server[Symbol.asyncDispose]();
  const lines = await linesIn(auditOf(deployment));
  const issued = lines.filter(({ kind }) => kind === 'identity-issued');
  assert.deepEqual(
    issued.map(({ endpoint, role, how }) => [endpoint, role, how]),
    [['self::portal-1', 'portal', 'renewal']],
  );
  assert.match(String(issued[0]?.serial), /^[0-9A-F]{32}$/);
  assert.deepEqual(
    lines.flatMap(({ kind, endpoint }) => (kind === 'identity-revoked' ? [endpoint] : [])),
    ['self::portal-1'],
  );
  assert.doesNotMatch(JSON.stringify(lines), /BEGIN/);
});

test('a configuration server that asks a gateway to open a device that requested nothing: the audit of the gateway tells', async () => {
  await using deployment = await deploy();
  const gatewayId = 'self::gateway-a';
  await deployment.ask('operator', 'PUT', `/v1/gateways/${gatewayId}`, { type: 'sluice', communication: {} });
  await deployment.ask('operator', 'PUT', '/v1/appliances/self::tv-a', { gatewayId });
  const identity = join(deployment.directory, 'gateway');
  await writeIdentity(identity, await deployment.issue(gatewayId, 'gateway'));
  const dataPlane = inMemoryDataPlane(systemClock);
  const machine: Machine = {
    clock: systemClock,
    openDataPlane: () => dataPlane,
    async followHome(home) {
      const named = { wan0: '203.0.113.1', lan0: '192.168.1.1' };
      const addresses = Object.entries(named).map(([ifname, local]) => ({
        ifname,
        flags: ['UP'],
        addr_info: [{ local, prefixlen: 24, scope: 'global' }],
      }));
      home.loadAddresses(JSON.stringify(addresses));
    },
  };
  const directory = join(deployment.directory, 'gateway-audit');
  const config = gatewayConfig.parse({
    identity,
    interfaces: { wan: ['wan0'], lan: ['lan0'] },
    controllers: [{ endpointId: 'self::configuration-1', url: `wss://127.0.0.1:${deployment.server.uspPort}/usp` }],
    controlSocket: join(deployment.directory, 'gateway.socket'),
    state: deployment.directory,
    introductions: { port: 0 },
    policy: { consent: 'required' },
    audit: { directory },
  });
  {
    await using _gateway = await runGateway(config, silentLog, patience(), machine);
    await eventually(async () => {
      const { body } = await deployment.ask('operator', 'GET', `/v1/gateways/${gatewayId}`);
      return body.online === true && (body.global as string[]).length > 0;
    });
    // No device of this home has such a flow in the gateway's table, and none has signed.
    const { body } = await deployment.ask('portal', 'POST', '/v1/sessions', filmRequest({ requestId: 'nobody' }));
    assert.equal(body.code, 'device-not-found', JSON.stringify(body));
    assert.deepEqual(dataPlane.read(), []);
  }
  const lines = await linesIn(directory);
  const refused = lines.filter(({ kind }) => kind === 'consent-refused');
  assert.deepEqual(
    refused.map(({ controller, code, asked, signed }) => [controller, code, asked, signed]),
    [['self::configuration-1', 'device-not-found', 5, false]],
  );
  const wanted = refused[0]?.wanted as Record<string, string>;
  assert.deepEqual(
    [wanted.InternalClient, wanted.InternalPort, wanted.RemoteHost],
    ['192.168.1.2', '5000', '203.0.113.10'],
  );
  assert.match(wanted.X_SLUICE_RequestFlow ?? '', /^203\.0\.113\.20 8443 203\.0\.113\.1 40000/);
  assert.ok(!lines.some(({ kind }) => kind === 'opening-opened'));
  assert.deepEqual((await verified(deployment, directory, gatewayId)).wrong, []);
  // The configuration server's own log says that it asked and was refused.
  const own = await linesIn(auditOf(deployment));
  assert.ok(
    own.some(
      ({ kind, code, request }) => kind === 'session-refused' && code === 'device-not-found' && request === 'nobody',
    ),
  );
});
