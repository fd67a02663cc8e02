import type { Cancel } from '@sluice/model';
import type { Identity } from './identity.ts';
import type { Role } from './role.ts';

/** The identity that a part holds now; another takes its place at each renewal. */
export class HeldIdentity implements Identity {
  readonly endpointId: string;
  readonly role: Role;
  readonly #observers = new Set<() => void>();
  #current: Identity;

  constructor(identity: Identity) {
    this.endpointId = identity.endpointId;
    this.role = identity.role;
    this.#current = identity;
  }

  get caPem(): string {
    return this.#current.caPem;
  }

  get certPem(): string {
    return this.#current.certPem;
  }

  get keyPem(): string {
    return this.#current.keyPem;
  }

  /** Takes a renewed identity, and tells those who observe. Throws RangeError on somebody else's. */
  replace(identity: Identity): void {
    if (identity.endpointId !== this.endpointId || identity.role !== this.role)
      throw new RangeError(`${identity.endpointId} (${identity.role}) is not ${this.endpointId} (${this.role})`);
    this.#current = identity;
    for (const act of [...this.#observers]) act();
  }

  /** Calls `act` after each renewal, until cancelled. */
  observe(act: () => void): Cancel {
    this.#observers.add(act);
    return () => this.#observers.delete(act);
  }
}
