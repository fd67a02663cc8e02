import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, compactVerify, exportJWK } from 'jose';
import { checkConsent, type Known } from './check.ts';
import { thumbprintOf } from './key.ts';
import { signConsent, signingKey } from './sign.ts';

const now = 1_800_000_000_000;

function device(applianceId: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return { applianceId, privateKey, publicKey, signing };
}

const tv = device('self::tv-1');
const neighbour = device('self::tv-2');
const keys = new Map(
  [tv, neighbour].map(({ signing, applianceId, publicKey }) => [signing.kid, { applianceId, key: publicKey }]),
);
const known: Known = { keys, portals: ['self::portal-1'], now };
const request = {
  applianceId: 'self::tv-1',
  portalId: 'self::portal-1',
  requestId: 'r1',
  contentId: 'film',
  ports: [
    { id: 'video', transport: 'udp', port: 5000 },
    { id: 'subtitles', transport: 'tcp', port: 5004 },
  ] as const,
  now,
  end: now + 3_600_000,
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = { alg: 'ES256', typ: 'sluice-consent+jwt', kid: tv.signing.kid };
const claims = {
  iss: 'self::tv-1',
  aud: 'self::portal-1',
  jti: 'r1',
  iat: now / 1000,
  exp: now / 1000 + 60,
  end: now / 1000 + 3600,
  content: 'film',
  ports: [{ id: 'video', transport: 'udp', port: 5000 }],
};
const forge = (header: object, payload: object, key: KeyObject = tv.privateKey) => {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
const codeOf = (token: string, changes: Partial<Known> = {}) => {
  const verdict = checkConsent(token, { ...known, ...changes });
  return 'claims' in verdict ? 'agreed' : verdict.code;
};

test('what an appliance signs is a JWS that another implementation reads, and that the gateway takes', async () => {
  const token = await signConsent(request, tv.signing);
  const { payload, protectedHeader } = await compactVerify(token, tv.publicKey, { algorithms: ['ES256'] });
  assert.deepEqual(protectedHeader, good);
  const verdict = checkConsent(token, known);
  assert.ok('claims' in verdict, JSON.stringify(verdict));
  assert.deepEqual(verdict.claims, JSON.parse(new TextDecoder().decode(payload)));
  assert.deepEqual(verdict.claims, { ...claims, ports: [...request.ports] });
});

test('a key is named by its RFC 7638 thumbprint', async () => {
  assert.equal(thumbprintOf(tv.publicKey), await calculateJwkThumbprint(await exportJWK(tv.publicKey)));
  assert.equal(thumbprintOf(generateKeyPairSync('ed25519').publicKey), undefined);
  assert.equal(thumbprintOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), undefined);
});

test('a consent that is not exactly right does not count', () => {
  const token = forge(good, claims);
  assert.equal(codeOf(token), 'agreed');
  const [head = '', body = '', signature = ''] = token.split('.');
  const pem = tv.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const hmacText = `${encode({ ...good, alg: 'HS256' })}.${body}`;
  const hmac = createHmac('sha256', pem).update(hmacText).digest('base64url');
  const swapped = (at: number) => (signature.at(at) === 'A' ? 'B' : 'A');
  const cases: [string, string, string, Partial<Known>?][] = [
    [
      'signed by another appliance',
      forge({ ...good, kid: neighbour.signing.kid }, claims, neighbour.privateKey),
      'consent-invalid',
    ],
    ['another key under the name of the first', forge(good, claims, neighbour.privateKey), 'consent-invalid'],
    ['key unknown', token, 'consent-invalid', { keys: new Map() }],
    ['other portal', forge(good, { ...claims, aud: 'self::portal-2' }), 'consent-invalid'],
    ['other portal of a policy', token, 'consent-invalid', { portals: ['self::portal-2'] }],
    ['any portal', token, 'agreed', { portals: undefined }],
    [
      'tampered ports',
      [head, encode({ ...claims, ports: [{ id: 'video', transport: 'udp', port: 22 }] }), signature].join('.'),
      'consent-invalid',
    ],
    [
      'tampered header',
      [encode({ ...good, kid: neighbour.signing.kid }), body, signature].join('.'),
      'consent-invalid',
    ],
    ['tampered signature', [head, body, swapped(0) + signature.slice(1)].join('.'), 'consent-invalid'],
    ['cut signature', token.slice(0, -1), 'consent-invalid'],
    ['not the canonical signature', token.slice(0, -1) + nextInAlphabet(token.at(-1) ?? ''), 'consent-invalid'],
    ['alg none, no signature', `${encode({ ...good, alg: 'none' })}.${body}.`, 'consent-invalid'],
    ['alg none, old signature', `${encode({ ...good, alg: 'none' })}.${body}.${signature}`, 'consent-invalid'],
    ['HS256 with the public key as secret', `${hmacText}.${hmac}`, 'consent-invalid'],
    ['alg HS256 over an ES256 signature', forge({ ...good, alg: 'HS256' }, claims), 'consent-invalid'],
    [
      'a key that comes along',
      forge({ ...good, jwk: neighbour.publicKey.export({ format: 'jwk' }) }, claims),
      'consent-invalid',
    ],
    ['crit', forge({ ...good, crit: ['exp'] }, claims), 'consent-invalid'],
    ['another type of token', forge({ ...good, typ: 'JWT' }, claims), 'consent-invalid'],
    ['no type', forge({ alg: 'ES256', kid: tv.signing.kid }, claims), 'consent-invalid'],
    ['expired', token, 'consent-expired', { now: now + 60_000 }],
    ['just not expired', token, 'agreed', { now: now + 59_999 }],
    ['over before it began', forge(good, { ...claims, end: claims.iat }), 'consent-expired'],
    ['fresh for too long', forge(good, { ...claims, exp: claims.iat + 121 }), 'consent-invalid'],
    ['fresh for ever', forge(good, { ...claims, exp: 1e300 }), 'consent-invalid'],
    ['a clock a little ahead', forge(good, { ...claims, iat: claims.iat + 30 }), 'agreed'],
    ['a clock too far ahead', forge(good, { ...claims, iat: claims.iat + 31 }), 'consent-invalid'],
    ['no ports', forge(good, { ...claims, ports: [] }), 'consent-invalid'],
    ['port 0', forge(good, { ...claims, ports: [{ id: 'v', transport: 'udp', port: 0 }] }), 'consent-invalid'],
    ['no jti', forge(good, { ...claims, jti: undefined }), 'consent-invalid'],
    ['several portals', forge(good, { ...claims, aud: ['self::portal-1', 'self::portal-2'] }), 'consent-invalid'],
    ['payload is no object', forge(good, []), 'consent-invalid'],
    ['oversized', forge(good, { ...claims, content: 'x'.repeat(5_000) }), 'consent-invalid'],
    ['oversized and nothing else', 'a'.repeat(10_000_000), 'consent-invalid'],
    ['empty', '', 'consent-invalid'],
    ['dots', '...', 'consent-invalid'],
    ['five parts, as an encrypted token has', `${token}.a.b`, 'consent-invalid'],
    ['JSON serialisation', JSON.stringify({ protected: head, payload: body, signature }), 'consent-invalid'],
    ['spaces around it', ` ${token}`, 'consent-invalid'],
  ];
  for (const [name, text, code, changes] of cases) assert.equal(codeOf(text, changes), code, name);
});

/** Differs in the bits that base64url leaves unused: a lax reader takes it for the same signature. */
function nextInAlphabet(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(letter) + 1] ?? '';
}
