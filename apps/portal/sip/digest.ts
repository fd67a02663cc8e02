import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@sluice/model';
import { buildDigestChallenge, digestResponseOf, digestSecret, parseDigestCredentials } from '@sluice/wire/http-auth';

/** How long a nonce counts, ms. */
const freshMs = 300_000;

/** A telephone's user: with a password, or with what stands for it (MD5 of `name:domain:password`, in hexadecimal). */
export type SipUser = { readonly name: string } & ({ readonly password: string } | { readonly ha1: string });

/** Proves by digest (RFC 7616, as RFC 3261 22 has it) who a telephone is. Nothing is remembered of those who ask. */
export class PhoneDigest {
  readonly #key = randomBytes(32);
  readonly #clock: Clock;
  readonly #realm: string;
  readonly #secrets: ReadonlyMap<string, string>;
  /** What nobody has: a name that is not known takes as long as one that is. */
  readonly #nobody = randomBytes(24).toString('hex');

  constructor(clock: Clock, realm: string, users: readonly SipUser[]) {
    this.#clock = clock;
    this.#realm = realm;
    const secretOf = (user: SipUser) =>
      'ha1' in user ? user.ha1.toLowerCase() : digestSecret(user.name, realm, user.password, 'MD5');
    this.#secrets = new Map(users.map((user) => [user.name, secretOf(user)]));
  }

  /** The value of a WWW-Authenticate header, for whoever is at that address alone. */
  challenge(address: string, stale: boolean): string {
    return buildDigestChallenge({
      ...{ realm: this.#realm, nonce: this.#nonce(this.#clock.now(), address), algorithm: 'MD5', qop: true },
      ...(stale && { stale }),
    });
  }

  /** `right`: it is `user`. `stale`: it may be, and must show it again with a nonce of now. */
  judge(header: string | undefined, method: string, user: string, address: string): 'right' | 'stale' | 'wrong' {
    const said = header === undefined ? undefined : parseDigestCredentials(header);
    if (said?.algorithm !== 'MD5' || said.username !== user || said.realm !== this.#realm) return 'wrong';
    const at = Number(said.nonce.split('.')[0]);
    if (!Number.isSafeInteger(at) || !isSame(said.nonce, this.#nonce(at, address))) return 'wrong';
    const wanted = digestResponseOf(said, method, this.#secrets.get(user) ?? this.#nobody);
    if (!isSame(said.response, wanted)) return 'wrong';
    return this.#clock.now() - at > freshMs ? 'stale' : 'right';
  }

  #nonce(at: number, address: string): string {
    return `${at}.${createHmac('sha256', this.#key).update(`${at} ${address}`).digest('hex').slice(0, 32)}`;
  }
}

function isSame(one: string, other: string): boolean {
  const [given, wanted] = [Buffer.from(one), Buffer.from(other)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
