import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { certificateRequest, newKey, servedNames, UnusableCertificateRequest, validityOf } from './index.ts';
import { temporaryAuthority } from './test/tls-pair.ts';

test('a certificate is made for a key that never left its owner', async (t) => {
  const now = Date.UTC(2030, 0, 1);
  const authority = await temporaryAuthority(t, () => now);
  const key = await newKey();
  const certPem = await authority.sign(await certificateRequest(key, 'self::gateway-home'), {
    endpointId: 'self::gateway-home',
    role: 'gateway',
    names: ['gateway.test', '192.0.2.1', '2001:db8:1::1'],
    lifetimeSeconds: 3,
  });
  const certificate = new X509Certificate(certPem);
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  assert.ok(certificate.verify(new X509Certificate(authority.caPem).publicKey));
  assert.deepEqual(servedNames(certificate), ['gateway.test', '192.0.2.1', '2001:db8:1::1']);
  assert.deepEqual(validityOf(certificate), { issuedAt: now, from: now - 300_000, until: now + 3_000 });
});

test('a certificate is good for a day unless it is said otherwise', async (t) => {
  const authority = await temporaryAuthority(t);
  const request = await certificateRequest(await newKey(), 'self::tv');
  const certificate = new X509Certificate(await authority.sign(request, { endpointId: 'self::tv', role: 'appliance' }));
  const { issuedAt, until } = validityOf(certificate);
  assert.equal(until - issuedAt, 86_400_000);
});

test('a request that proves no key, names another or is none at all is refused', async (t) => {
  const authority = await temporaryAuthority(t);
  const good = await certificateRequest(await newKey(), 'self::tv');
  const signature = Buffer.from(good.replace(/-----.*-----|\s/g, ''), 'base64');
  signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${signature.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  for (const [request, reason] of [
    [forged, /not signed with its own key/],
    [await certificateRequest(await newKey(), 'self::radio'), /does not name self::tv/],
    ['hello', /no certificate request/],
    ['x'.repeat(10_000), /too long/],
  ] as const) {
    await assert.rejects(authority.sign(request, { endpointId: 'self::tv', role: 'appliance' }), (error) => {
      assert.ok(error instanceof UnusableCertificateRequest);
      assert.match(error.message, reason);
      return true;
    });
  }
});
