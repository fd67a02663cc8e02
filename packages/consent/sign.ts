import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Instant } from '@sluice/model';
import { CompactSign } from 'jose';
import { type ConsentClaims, type SignedPort, tokenType } from './claims.ts';
import { thumbprintOf } from './key.ts';

/** How long a token may be on its way to the gateway, seconds. */
export const freshSeconds = 60;

/** What an appliance agrees to. */
export interface ConsentRequest {
  readonly applianceId: string;
  readonly portalId: string;
  readonly requestId: string;
  readonly contentId: string;
  readonly ports: readonly SignedPort[];
  readonly now: Instant;
  /** Nothing stays open for it after this. */
  readonly end: Instant;
}

/** A private key ready to sign, and its name. */
export interface SigningKey {
  readonly key: KeyObject;
  /** RFC 7638. */
  readonly kid: string;
}

/** Reads a P-256 key (PKCS #8). Throws RangeError for another kind. */
export function signingKey(keyPem: string): SigningKey {
  const key = createPrivateKey(keyPem);
  const kid = thumbprintOf(createPublicKey(key));
  if (kid === undefined) throw new RangeError('consent is signed with a key on the curve P-256');
  return { key, kid };
}

/** The token: compact JWS (RFC 7515 7.1), ES256. */
export function signConsent(request: ConsentRequest, { key, kid }: SigningKey): Promise<string> {
  const iat = Math.floor(request.now / 1_000);
  const claims: ConsentClaims = {
    iss: request.applianceId,
    aud: request.portalId,
    jti: request.requestId,
    iat,
    exp: iat + freshSeconds,
    end: Math.floor(request.end / 1_000),
    content: request.contentId,
    ports: [...request.ports],
  };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', typ: tokenType, kid })
    .sign(key);
}
