import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { generateKeyPair } from 'jose';
import { type OpenIdIssuer, openIdIssuer } from '../test/open-id-issuer.ts';
import { type OpenIdOptions, openIdReader } from './open-id.ts';

let issuer: OpenIdIssuer;
before(async () => {
  issuer = await openIdIssuer();
});
after(() => issuer[Symbol.asyncDispose]());

const clock = new VirtualClock();
const now = () => clock.now();
const roles = { 'sluice-operator': 'operator', 'sluice-auditor': 'auditor' } as const;

function reader(over: Partial<OpenIdOptions> = {}) {
  const { issuer: url, caPem } = issuer;
  return openIdReader({ issuer: url, audience: 'sluice', roleClaim: 'roles', roles, caPem, ...over }, clock);
}

test('the role is found where the issuer has it', async () => {
  const cases: [string, Record<string, unknown>, string | undefined][] = [
    ['roles', { roles: ['else', 'sluice-operator'] }, 'operator'],
    ['roles', { roles: 'sluice-auditor' }, 'auditor'],
    ['roles', { roles: ['sluice-auditor', 'sluice-operator'] }, 'operator'],
    ['realm_access.roles', { realm_access: { roles: ['sluice-auditor'] } }, 'auditor'],
    ['https://example.org/roles', { 'https://example.org/roles': ['sluice-operator'] }, 'operator'],
    ['roles', {}, undefined],
    ['roles', { roles: ['operator', 'constructor', 7] }, undefined],
    ['roles', { roles: { 'sluice-operator': true } }, undefined],
    ['realm_access.roles', { realm_access: 'sluice-operator' }, undefined],
  ];
  for (const [roleClaim, claims, role] of cases) {
    const bearer = await reader({ roleClaim })(await issuer.token(now(), claims));
    assert.deepEqual(bearer, role && { subject: 'auth|17', role }, JSON.stringify(claims));
  }
});

test('a token counts that the issuer signed, for us, now', async () => {
  const read = reader();
  const good = { roles: 'sluice-operator' };
  const seconds = Math.floor(now() / 1_000);
  const stranger = await generateKeyPair('ES256');
  const cases: [string, string][] = [
    ['for somebody else', await issuer.token(now(), { ...good, aud: 'shop' })],
    ['by somebody else', await issuer.token(now(), { ...good, iss: 'https://id.example.org' })],
    ['over', await issuer.token(now(), { ...good, exp: seconds })],
    ['not yet', await issuer.token(now(), { ...good, nbf: seconds + 60 })],
    ['without end', await issuer.token(now(), { ...good, exp: undefined })],
    ['of nobody', await issuer.token(now(), { ...good, sub: undefined })],
    ['with another key', await issuer.token(now(), good, { key: stranger.privateKey, alg: 'ES256' })],
    [
      'with a key that is not published',
      await issuer.token(now(), good, { key: stranger.privateKey, alg: 'ES256', kid: 'x' }),
    ],
    ['with a secret', await issuer.token(now(), good, { key: new TextEncoder().encode('x'.repeat(32)), alg: 'HS256' })],
    ['without signature', `${(await issuer.token(now(), good)).split('.').slice(0, 2).join('.')}.`],
    ['no token', 'a.b.c'],
  ];
  for (const [title, token] of cases) assert.equal(await read(token), undefined, title);
  assert.equal((await read(await issuer.token(now(), good)))?.role, 'operator');
});

test('the keys are asked for once', async () => {
  const read = reader();
  const before = issuer.asked.length;
  for (let n = 0; n < 3; n++) assert.ok(await read(await issuer.token(now(), { roles: 'sluice-auditor' })));
  assert.deepEqual(issuer.asked.slice(before), ['/realm/.well-known/openid-configuration', '/realm/keys']);
});

test('an issuer that is not what it should be, or not there, is no reason to let anybody in', async () => {
  const token = await issuer.token(now(), { roles: 'sluice-operator' });
  issuer.says = 'https://id.example.org';
  await assert.rejects(reader()(token), /tells of the issuer https:\/\/id\.example\.org/);
  issuer.says = issuer.issuer;
  await assert.rejects(reader({ caPem: undefined })(token), /cannot prove who it is/);
  const read = reader({ issuer: 'https://127.0.0.1:1' });
  await assert.rejects(read(token), /does not answer/);
  await assert.rejects(read(token), /just now/, 'it is not asked again at once');
});
