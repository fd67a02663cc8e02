import { hash as digest } from 'node:crypto';
import { longest, parametersOf, quoted } from './parameters.ts';

/** `MD5` is what devices speak. */
export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** What a server asks for (RFC 7616 3.3). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** Whether `qop="auth"` is offered; without it the old form of RFC 2069 is spoken. */
  readonly qop: boolean;
  readonly opaque?: string;
  /** The credentials were right, the nonce was too old. */
  readonly stale?: boolean;
}

/** What a client answers (RFC 7616 3.4). */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hexadecimal digits in lower case. */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string;
  /** With `qop=auth`: which use of the nonce this is, counted from 1, as 8 hexadecimal digits, and the client's own nonce. */
  readonly qop?: { readonly nc: string; readonly cnonce: string };
}

/** The value of a WWW-Authenticate header. */
export function buildDigestChallenge({ realm, nonce, algorithm, qop, opaque, stale }: DigestChallenge): string {
  const parts = [`realm=${quoted(realm)}`, ...(qop ? ['qop="auth"'] : []), `nonce=${quoted(nonce)}`];
  if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`);
  if (stale) parts.push('stale=true');
  // Left out it means MD5, and devices stumble over what they do not expect.
  if (algorithm !== 'MD5') parts.push(`algorithm=${algorithm}`);
  return `Digest ${parts.join(', ')}`;
}

/** Reads a WWW-Authenticate header; undefined where it is none of Digest, or of an algorithm that is not spoken here. */
export function parseDigestChallenge(header: string): DigestChallenge | undefined {
  const said = parametersOf('digest', header, longest.challenge);
  const algorithm = algorithmOf(said?.get('algorithm'));
  const nonce = said?.get('nonce');
  if (!said || !algorithm || !nonce) return undefined;
  const qops = said
    .get('qop')
    ?.split(',')
    .map((word) => word.trim().toLowerCase());
  if (qops && !qops.includes('auth')) return undefined;
  const opaque = said.get('opaque');
  return {
    realm: said.get('realm') ?? '',
    nonce,
    algorithm,
    qop: qops !== undefined,
    ...(opaque !== undefined && { opaque }),
    stale: said.get('stale')?.toLowerCase() === 'true',
  };
}

/** Reads an Authorization header; undefined where it is none of Digest. */
export function parseDigestCredentials(header: string): DigestCredentials | undefined {
  const said = parametersOf('digest', header, longest.credentials);
  const algorithm = algorithmOf(said?.get('algorithm'));
  const [username, nonce, uri] = ['username', 'nonce', 'uri'].map((name) => said?.get(name));
  const response = said?.get('response')?.toLowerCase() ?? '';
  if (!said || !algorithm || !username || !nonce || uri === undefined || !/^[0-9a-f]{32,64}$/.test(response))
    return undefined;
  const [qop, nc, cnonce, opaque] = ['qop', 'nc', 'cnonce', 'opaque'].map((name) => said.get(name));
  if (qop !== undefined && (qop.toLowerCase() !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc ?? '') || !cnonce))
    return undefined;
  return {
    username,
    realm: said.get('realm') ?? '',
    nonce,
    uri,
    response,
    algorithm,
    ...(opaque !== undefined && { opaque }),
    ...(qop !== undefined && { qop: { nc: nc ?? '', cnonce: cnonce ?? '' } }),
  };
}

/** What `response` is when the password is right. */
export function digestResponse(
  credentials: Omit<DigestCredentials, 'response'>,
  method: string,
  password: string,
): string {
  const { username, realm, algorithm } = credentials;
  return digestResponseOf(credentials, method, digestSecret(username, realm, password, algorithm));
}

/** What stands for a password in one realm (`HA1`, RFC 7616 3.4.2): whoever has it needs no password there. */
export function digestSecret(username: string, realm: string, password: string, algorithm: DigestAlgorithm): string {
  return hashed(algorithm, `${username}:${realm}:${password}`);
}

/** As {@link digestResponse}, by what stands for the password. */
export function digestResponseOf(
  { nonce, uri, algorithm, qop }: Omit<DigestCredentials, 'response'>,
  method: string,
  secret: string,
): string {
  const request = hashed(algorithm, `${method}:${uri}`);
  return hashed(
    algorithm,
    qop ? `${secret}:${nonce}:${qop.nc}:${qop.cnonce}:auth:${request}` : `${secret}:${nonce}:${request}`,
  );
}

function hashed(algorithm: DigestAlgorithm, text: string): string {
  return digest(algorithm === 'MD5' ? 'md5' : 'sha256', text);
}

/** The Authorization header that answers a challenge. `cnonce`: hexadecimal digits, another each time. */
export function answerDigest(
  challenge: DigestChallenge,
  request: { readonly method: string; readonly uri: string; readonly cnonce: string; readonly nc?: number },
  login: { readonly username: string; readonly password: string },
): string {
  const { realm, nonce, algorithm, opaque } = challenge;
  const nc = (request.nc ?? 1).toString(16).padStart(8, '0');
  const qop = challenge.qop ? { nc, cnonce: request.cnonce } : undefined;
  const said = { username: login.username, realm, nonce, uri: request.uri, algorithm, ...(qop && { qop }) };
  const parts = [
    `username=${quoted(said.username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(said.uri)}`,
    `response="${digestResponse(said, request.method, login.password)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(algorithm === 'MD5' ? [] : [`algorithm=${algorithm}`]),
    ...(qop ? [`qop=auth, nc=${qop.nc}, cnonce="${qop.cnonce}"`] : []),
  ];
  return `Digest ${parts.join(', ')}`;
}

function algorithmOf(text: string | undefined): DigestAlgorithm | undefined {
  const name = text?.toUpperCase() ?? 'MD5';
  return name === 'MD5' || name === 'SHA-256' ? name : undefined;
}
