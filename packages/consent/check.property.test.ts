import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkConsent, signConsent, signingKey } from './index.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const now = Date.UTC(2030, 0, 1);
const applianceId = 'self::tv-1';
const known = {
  keys: { get: (kid: string) => (kid === key.kid ? { applianceId, key: createPublicKey(privateKey) } : undefined) },
  portals: ['self::portal-1'],
  now,
};
const token = await signConsent(
  {
    applianceId,
    portalId: 'self::portal-1',
    requestId: 'r-1',
    contentId: 'film',
    ports: [{ id: 'video', transport: 'udp', port: 5000 }],
    now,
    end: now + 3_600_000,
  },
  key,
);
const [head = '', body = ''] = token.split('.');
const isTaken = (text: string) => 'claims' in checkConsent(text, known);

/** Both texts signed by the known key, as a device that has been taken over could. */
const signed = (header: string, claims: string): string => {
  const text = [header, claims].map((json) => Buffer.from(json).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
};

test('a token of which any character was changed, left out or added does not count', () => {
  assert.ok(isTaken(token));
  const character = fc.constantFrom(...'ABab01-_.= \n');
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.nat(1), fc.option(character, { nil: '' }), (at, removed, put) => {
      const changed = token.slice(0, at) + put + token.slice(at + removed);
      fc.pre(changed !== token);
      assert.ok(!isTaken(changed));
    }),
    { numRuns: 1_000 },
  );
});

test('whatever JSON is signed, what counts is fresh, for this portal, by this appliance, with ports', () => {
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const header = Buffer.from(head, 'base64url').toString();
  const seconds = now / 1_000;
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(seconds, seconds - 1, seconds + 31, seconds + 120, seconds + 121, 1e300, -1, 0.5),
    fc.constantFrom<unknown>('self::portal-1', applianceId, [], [{ id: 'v', transport: 'udp', port: 0 }]),
  );
  const member = fc.tuple(fc.constantFrom(...Object.keys(claims), '__proto__', 'nbf'), value);
  fc.assert(
    fc.property(fc.array(member, { maxLength: 3 }), (members) => {
      const checked = checkConsent(
        signed(header, JSON.stringify({ ...claims, ...Object.fromEntries(members) })),
        known,
      );
      if (!('claims' in checked)) return;
      const { iss, aud, iat, exp, end, ports } = checked.claims;
      assert.deepEqual([iss, aud], [applianceId, 'self::portal-1']);
      assert.ok(exp > seconds && end > seconds && exp - iat <= 120 && iat <= seconds + 30);
      assert.ok(ports.length >= 1 && ports.every(({ port }) => port >= 1 && port <= 65_535));
    }),
    { numRuns: 1_000 },
  );
});

test('any other header does not count, though it is signed', () => {
  const claims = Buffer.from(body, 'base64url').toString();
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  const others = [
    ...[{ alg: 'none' }, { alg: 'HS256' }, { alg: 'es256' }, { typ: 'JWT' }, { typ: undefined }, { kid: 'x' }],
    ...[{ crit: ['exp'] }, { jwk: {} }, { x5u: 'https://x' }, { b64: false }, { kid: '__proto__' }, { kid: undefined }],
  ];
  for (const other of others)
    assert.ok(!isTaken(signed(JSON.stringify({ ...header, ...other }), claims)), JSON.stringify(other));
  fc.assert(fc.property(fc.jsonValue(), (json) => assert.ok(!isTaken(signed(JSON.stringify(json), claims)))));
});
