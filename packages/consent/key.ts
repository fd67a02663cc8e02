import { createHash, type KeyObject } from 'node:crypto';

/** The JWK thumbprint (RFC 7638 3, SHA-256, base64url) of a P-256 key; undefined for every other key. */
export function thumbprintOf(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
