import type { X509Certificate } from 'node:crypto';
import type { Cancel, Instant } from '@sluice/model';
import { readSubject } from './identity.ts';
import { validityOf } from './validity.ts';

/** What does not count any more. */
export interface Revocation {
  /** Counts up; a follower that fell behind asks for what comes after the last it knows. */
  readonly sequence: number;
  readonly at: Instant;
  /** Every certificate that was issued to it until then. One issued later counts: that is how it comes back. */
  readonly endpointId: string;
  /** This certificate alone; lower-case hexadecimal. */
  readonly serialNumber?: string;
}

/** The certificates of a deployment that do not count any more. */
export class Revocations {
  /** By endpoint id: everything issued until then. */
  readonly #endpoints = new Map<string, Instant>();
  readonly #serialNumbers = new Set<string>();
  readonly #observers = new Set<() => void>();
  #last = 0;

  /** The sequence number of the last one known; 0 where there is none. */
  get last(): number {
    return this.#last;
  }

  /** Takes one in, and tells those who observe. One that is known already changes nothing. */
  add({ sequence, at, endpointId, serialNumber }: Revocation): void {
    this.#last = Math.max(this.#last, sequence);
    if (serialNumber === undefined) this.#endpoints.set(endpointId, Math.max(at, this.#endpoints.get(endpointId) ?? 0));
    else this.#serialNumbers.add(serialNumber.toLowerCase());
    for (const act of [...this.#observers]) act();
  }

  /** Whether a certificate, which is trusted otherwise, is revoked. */
  has(certificate: X509Certificate): boolean {
    if (this.#serialNumbers.has(certificate.serialNumber.toLowerCase())) return true;
    const until = this.#endpoints.get(readSubject(certificate)?.endpointId ?? '');
    return until !== undefined && validityOf(certificate).issuedAt <= until;
  }

  /** Calls `act` after each revocation, until cancelled. */
  observe(act: () => void): Cancel {
    this.#observers.add(act);
    return () => this.#observers.delete(act);
  }
}
