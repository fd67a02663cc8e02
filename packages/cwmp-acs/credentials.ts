import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import {
  buildDigestChallenge,
  type DigestCredentials,
  digestResponse,
  parseBasic,
  parseDigestCredentials,
} from '@sluice/wire/http-auth';
import type { CwmpDevice, Login } from './device.ts';
import type { Nonces } from './nonces.ts';

const realm = 'cwmp';

/** How a request says who makes it: not checked yet. */
export interface Claim {
  /** The names that a verified certificate gives its holder. */
  readonly names: readonly string[];
  readonly shown?:
    | { readonly kind: 'digest'; readonly said: DigestCredentials; readonly method: string }
    | ({ readonly kind: 'basic' } & Login);
}

/** The claim of a request. `none`: it makes none that counts here. `stale`: it must be made again with a new nonce. */
export function claimOf(request: IncomingMessage, nonces: Nonces): Claim | 'none' | 'stale' {
  const names = certificateNames(request.socket as TLSSocket);
  const shown = shownBy(request, nonces);
  if (typeof shown !== 'string') return { names, shown };
  return names.length > 0 ? { names } : shown;
}

function shownBy(request: IncomingMessage, nonces: Nonces): NonNullable<Claim['shown']> | 'none' | 'stale' {
  const header = request.headers.authorization;
  if (header === undefined) return 'none';
  // A password in the clear is no proof: whoever heard it once has it.
  const basic = isSecure(request) ? parseBasic(header) : undefined;
  if (basic) return { kind: 'basic', ...basic };
  const said = parseDigestCredentials(header);
  if (!said) return 'none';
  const count = said.qop && Number.parseInt(said.qop.nc, 16);
  const worth = nonces.use(said.nonce, count, request.socket);
  return worth === 'good' ? { kind: 'digest', said, method: request.method ?? 'POST' } : 'stale';
}

/** Whether a claim is one that only this device can make. */
export function proves(claim: Claim, device: Pick<CwmpDevice, 'identity' | 'login' | 'certificateName'>): boolean {
  if (claim.names.includes(device.certificateName ?? device.identity)) return true;
  const { login } = device;
  const { shown } = claim;
  if (!login || !shown || (shown.kind === 'basic' ? shown : shown.said).username !== login.username) return false;
  return shown.kind === 'basic'
    ? same(shown.password, login.password)
    : same(digestResponse(shown.said, shown.method, login.password), shown.said.response);
}

/** What a request without a claim is answered: values of WWW-Authenticate. */
export function challenges(request: IncomingMessage, nonces: Nonces, stale: boolean): string[] {
  const digest = buildDigestChallenge({ realm, nonce: nonces.issue(), algorithm: 'MD5', qop: true, stale });
  return isSecure(request) ? [digest, `Basic realm="${realm}"`] : [digest];
}

function isSecure(request: IncomingMessage): boolean {
  return (request.socket as TLSSocket).encrypted === true;
}

/** Compares without telling by its time how much is the same. */
function same(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}

/** The common name of a certificate that one of the authorities of the listener issued (TR-069 3.4.5). */
function certificateNames(socket: TLSSocket): readonly string[] {
  if (!socket.authorized) return [];
  const name: string | string[] | undefined = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === 'string' ? [name] : (name ?? []);
}
