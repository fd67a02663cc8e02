import type { Answer } from '@sluice/api';
import { networkOf, rateLimited, TokenBuckets } from '@sluice/control';
import type { Log } from '@sluice/io';
import { type Clock, type Instant, type IpAddress, type Refusal, refuse } from '@sluice/model';
import type { Accounts } from './accounts.ts';
import type { Tokens } from './tokens.ts';

/** What a sign-in stands on. */
export interface SignInPorts {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly log: Log;
}

/** A person, signed in. */
export interface SignedIn {
  readonly name: string;
  readonly role: string;
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Failures from one address, whoever they are for. */
const perAddress = { burst: 20, perSecond: 1 / 10 };
/** Failures for one name from where it has not signed in yet; and from each address where it has. */
const perName = { burst: 10, perSecond: 1 / 60 };
/** Names with addresses that are remembered; the oldest is forgotten. */
const mostPlaces = 1_000;

/** Where people sign in with a name and a password. */
export class SignIn {
  readonly #ports: SignInPorts;
  readonly #addresses = new TokenBuckets(perAddress);
  readonly #names = new TokenBuckets(perName);
  readonly #places = new Set<string>();

  constructor(ports: SignInPorts) {
    this.#ports = ports;
  }

  /**
   * A token for who knows the password. Unknown names and wrong passwords get the same answer, after the same time; after
   * some of them, `rate-limited`. Whoever guesses elsewhere does not lock a person out where he has signed in before.
   */
  async signIn(name: string, password: string, address: IpAddress): Promise<Answer<SignedIn>> {
    const { accounts, tokens, clock, log } = this.#ports;
    const from = networkOf(address);
    const place = `${name} ${from}`;
    const counted = this.#places.has(place) ? place : name;
    const now = clock.now();
    const waitMs = Math.max(this.#addresses.wait(from, now), this.#names.wait(counted, now));
    if (waitMs > 0) return refused(rateLimited('too many attempts to sign in', waitMs));
    // Taken before the password is looked at, so that attempts side by side count too.
    this.#addresses.take(from, now);
    this.#names.take(counted, now);
    const account = await accounts.check(name, password);
    if (account === undefined) {
      // A name that nobody has may be a password in the wrong place.
      log.warn({ address }, 'not signed in');
      return refused(refuse('sign-in-refused', 'this name and this password do not go together'));
    }
    this.#addresses.giveBack(from, now);
    this.#names.giveBack(counted, now);
    if (account === 'busy') return refused(rateLimited('too many people sign in at once', 1_000));
    this.#remember(place);
    log.info({ name, role: account.role, address }, 'signed in');
    return { kind: 'granted', value: { name, role: account.role, ...(await tokens.sign(account)) } };
  }

  #remember(place: string): void {
    this.#places.delete(place);
    this.#places.add(place);
    const [oldest] = this.#places;
    if (this.#places.size > mostPlaces && oldest !== undefined) this.#places.delete(oldest);
  }
}

function refused(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}
