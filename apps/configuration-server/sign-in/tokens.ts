import type { OperatorAccount } from '@sluice/control';
import type { Clock, Instant } from '@sluice/model';
import { jwtVerify, SignJWT } from 'jose';

/** Who a token of ours is of. */
export interface Signed {
  readonly name: string;
  /** `changedAt` of the account when it was signed: an account that changed since is not the one that signed in. */
  readonly changedAt: Instant;
}

const type = 'sluice-operator+jwt';

/** Short-lived tokens of those who signed in with a password (RFC 7519, HS256: none but this server reads them). */
export class Tokens {
  readonly #secret: Uint8Array;
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #lifetimeSeconds: number;

  constructor(secret: Uint8Array, issuer: string, clock: Clock, lifetimeSeconds: number) {
    this.#secret = secret;
    this.#issuer = issuer;
    this.#clock = clock;
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  async sign({ name, changedAt }: OperatorAccount): Promise<{ readonly token: string; readonly expiresAt: Instant }> {
    const now = Math.floor(this.#clock.now() / 1_000);
    const end = now + this.#lifetimeSeconds;
    const token = await new SignJWT({ changedAt })
      .setProtectedHeader({ alg: 'HS256', typ: type })
      .setIssuer(this.#issuer)
      .setAudience(this.#issuer)
      .setSubject(name)
      .setIssuedAt(now)
      .setExpirationTime(end)
      .sign(this.#secret);
    return { token, expiresAt: end * 1_000 };
  }

  /** Whose a token is; undefined where it is none of ours, or its time is over. */
  async read(token: string): Promise<Signed | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: ['HS256'],
        typ: type,
        issuer: this.#issuer,
        audience: this.#issuer,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(this.#clock.now()),
      });
      const { sub: name = '', changedAt } = payload;
      return typeof changedAt === 'number' ? { name, changedAt } : undefined;
    } catch {
      return undefined;
    }
  }
}
