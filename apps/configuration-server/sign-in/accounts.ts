import type { OperatorAccount, StandingStore } from '@sluice/control';
import type { Clock } from '@sluice/model';
import { FewAtOnce } from './few-at-once.ts';
import { hashPassword, isPassword, nobodysHash, strongCost } from './password.ts';

/** Each takes 64 MiB while it is worked out. */
const [hashesAtOnce, hashesWaiting] = [2, 16];

/** `busy`: too many passwords are being looked at; try again in a moment. */
export type Busy = 'busy';

/** People with passwords. */
export class Accounts {
  readonly #store: StandingStore;
  readonly #clock: Clock;
  readonly #hashing = new FewAtOnce(hashesAtOnce, hashesWaiting);
  readonly #cost: typeof strongCost;
  readonly #nobody: string;

  constructor(store: StandingStore, clock: Clock, cost = strongCost) {
    this.#store = store;
    this.#clock = clock;
    this.#cost = cost;
    this.#nobody = nobodysHash(cost);
  }

  /** The account that name and password are of; undefined where they are of none. It takes as long for a name that nobody has. */
  async check(name: string, password: string): Promise<OperatorAccount | Busy | undefined> {
    const account = await this.#store.operator(name);
    const fits = await this.#hashing.run(() => isPassword(password, account?.passwordHash ?? this.#nobody));
    if (fits === undefined) return 'busy';
    return fits ? account : undefined;
  }

  /** Lets a person sign in, or gives him another role and password; what was signed before counts no more. */
  async put(name: string, role: string, password: string): Promise<Busy | undefined> {
    const passwordHash = await this.#hashing.run(() => hashPassword(password, this.#cost));
    if (passwordHash === undefined) return 'busy';
    const before = await this.#store.operator(name);
    // Another instant also where the clock was set back.
    const changedAt = Math.max(this.#clock.now(), (before?.changedAt ?? 0) + 1);
    await this.#store.putOperator({ name, role, passwordHash, changedAt });
    return undefined;
  }

  /** By name. */
  all(): Promise<readonly OperatorAccount[]> {
    return this.#store.operators();
  }

  /** Resolves to whether there was one. What was signed for it counts no more. */
  forget(name: string): Promise<boolean> {
    return this.#store.forgetOperator(name);
  }
}
