import { type KeyObject, verify } from 'node:crypto';
import { type Instant, type Refusal, refuse } from '@sluice/model';
import type { z } from 'zod';
import { type ConsentClaims, claimsSchema, headerSchema, mostFreshSeconds, tokenRoom } from './claims.ts';

/** A public key that is known to be an appliance's. */
export interface ConsentKey {
  readonly applianceId: string;
  /** P-256. */
  readonly key: KeyObject;
}

/** What a token is held against. */
export interface Known<K extends ConsentKey = ConsentKey> {
  /** The key with an RFC 7638 thumbprint. */
  readonly keys: { get(kid: string): K | undefined };
  /** Endpoint ids of portals whose requests count; undefined: any. */
  readonly portals?: readonly string[] | undefined;
  readonly now: Instant;
}

/** How far a device's clock may be ahead, seconds. */
const aheadSeconds = 30;

/** A token that was presented is never taken again so much later: its own freshness is over then, milliseconds. */
export const oldestMs = (mostFreshSeconds + aheadSeconds + 1) * 1_000;

/**
 * What was signed and by whose key, or why the token does not count. Synchronous, so that a gateway can ask in the turn in which its
 * kernel changes. Whether it was used before, and what it is used for, the caller judges.
 */
export function checkConsent<K extends ConsentKey>(
  token: string,
  known: Known<K>,
): { readonly claims: ConsentClaims; readonly key: K } | Refusal {
  if (token.length > tokenRoom) return invalid(`is longer than ${tokenRoom} characters`);
  const [, head, body, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) return invalid('is no compact ES256 JWS');
  const header = read(head, headerSchema);
  if (!header) return invalid('has a header that is not ours');
  const signer = known.keys.get(header.kid);
  if (!signer) return invalid('is signed with a key that is not known here');
  if (!isSignedBy(signer.key, `${head}.${body}`, signature)) return invalid('has a signature that does not fit');
  const claims = read(body, claimsSchema);
  if (!claims) return invalid('says something that cannot be read');
  if (claims.iss !== signer.applianceId) return invalid(`names ${claims.iss}, which has another key`);
  if (known.portals && !known.portals.includes(claims.aud)) return invalid(`is for another portal, ${claims.aud}`);
  return judgeTimes(claims, known.now / 1_000) ?? { claims, key: signer };
}

function judgeTimes({ iat, exp, end }: ConsentClaims, now: number): Refusal | undefined {
  if (exp - iat > mostFreshSeconds) return invalid(`is fresh for more than ${mostFreshSeconds} s`);
  if (iat > now + aheadSeconds) return invalid("was signed in the future; set the device's clock");
  if (exp <= now || end <= now)
    return refuse('consent-expired', 'the signature of the request is too old; ask again with a new request id');
  return undefined;
}

function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  // Two texts may stand for the same bytes: the canonical one counts (RFC 4648 3.5).
  if (bytes.toString('base64url') !== signature) return false;
  return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes);
}

function read<T>(part: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function invalid(what: string): Refusal {
  return refuse('consent-invalid', `the device's consent ${what}`);
}
