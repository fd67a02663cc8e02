import { httpsPeer } from '@sluice/io';
import type { Clock } from '@sluice/model';
import { createRemoteJWKSet, customFetch, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';

/** Whose tokens count, and who they make of their bearers. */
export interface OpenIdOptions {
  /** As it stands in the tokens, `https://id.example.org/realms/ours`. */
  readonly issuer: string;
  /** What the tokens must be for: the client id that this server has at the issuer. */
  readonly audience: string;
  /** The claim that holds the role, or the roles; with dots, a path into objects. */
  readonly roleClaim: string;
  /** Our role for each value of that claim. */
  readonly roles: Readonly<Record<string, 'operator' | 'auditor'>>;
  /** Certificates that the issuer is trusted by, in PEM; left out, those that this machine trusts. */
  readonly caPem?: string | undefined;
}

/** Whose a token is. */
export interface OpenIdBearer {
  /** The issuer's own name for the person: it stays when other names change. */
  readonly subject: string;
  readonly role: 'operator' | 'auditor';
}

/** Signatures that a key for all to read can check. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const discovered = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });
/** After a failure the issuer is asked again no sooner. */
const pauseMs = 10_000;
const mostMs = 5_000;
const mostBytes = 256 * 1_024;

/**
 * Tells whose an OpenID Connect token is (OpenID Connect Discovery 1.0 4, RFC 7519): signed by the issuer, for us, not
 * over, of somebody who has a role here. Undefined where it is not; rejects where the issuer cannot be asked.
 */
export function openIdReader(
  options: OpenIdOptions,
  clock: Clock,
): (token: string) => Promise<OpenIdBearer | undefined> {
  const { issuer, audience } = options;
  const fetchJson = fetcher(options.caPem);
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function discover(): Promise<JWTVerifyGetKey> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetchJson(url, AbortSignal.timeout(mostMs));
    const { jwks_uri, ...told } = discovered.parse(await response.json());
    if (told.issuer !== issuer) throw new Error(`${url} tells of the issuer ${told.issuer}`);
    return createRemoteJWKSet(new URL(jwks_uri), {
      timeoutDuration: mostMs,
      [customFetch]: (asked: string, { signal }: { signal: AbortSignal }) => fetchJson(asked, signal),
    });
  }

  function known(): Promise<JWTVerifyGetKey> {
    if (keys) return keys;
    if (clock.now() - failedAt < pauseMs) return Promise.reject(new Error(`${issuer} was not to be reached just now`));
    keys = discover().catch((error: unknown) => {
      keys = undefined;
      failedAt = clock.now();
      throw error;
    });
    return keys;
  }

  return async (token) => {
    const key = await known();
    let payload: JWTPayload;
    try {
      const requiredClaims = ['exp', 'sub'];
      const currentDate = new Date(clock.now());
      ({ payload } = await jwtVerify(token, key, { algorithms, issuer, audience, requiredClaims, currentDate }));
    } catch (error) {
      if (error instanceof Error && 'code' in error && !unreachable.has(String(error.code))) return undefined;
      throw error;
    }
    const role = roleIn(payload, options);
    return role && payload.sub !== undefined ? { subject: payload.sub, role } : undefined;
  };
}

/** What jose throws where the keys cannot be had, and nothing is known of the token. */
const unreachable = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID']);

function roleIn(payload: JWTPayload, { roleClaim, roles }: OpenIdOptions): 'operator' | 'auditor' | undefined {
  // Names with dots are claims of their own at some issuers ("https://example.org/roles").
  const claim = Object.hasOwn(payload, roleClaim) ? payload[roleClaim] : roleClaim.split('.').reduce(member, payload);
  const values = Array.isArray(claim) ? claim : [claim];
  const ours = values.flatMap((value) =>
    typeof value === 'string' && Object.hasOwn(roles, value) ? roles[value] : [],
  );
  return ours.includes('operator') ? 'operator' : ours[0];
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name)
    ? (of as Record<string, unknown>)[name]
    : undefined;
}

/** GET over TLS of one document of bounded size; no redirection is followed. */
function fetcher(ca: string | undefined): (url: string, signal: AbortSignal) => Promise<Response> {
  return async (url, signal) => {
    const { origin, pathname, search } = new URL(url);
    const tls = { ...(ca !== undefined && { ca }), minVersion: 'TLSv1.2' } as const;
    await using peer = httpsPeer({ origin, tls, accepts: () => true, connections: 1, mostBytes });
    const { status, body } = await peer.ask('GET', pathname + search, undefined, signal);
    if (status !== 200) throw new Error(`${url} answers ${status}`);
    return new Response(new Uint8Array(body), { status });
  };
}
