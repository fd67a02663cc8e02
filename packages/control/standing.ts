import type { Instant } from '@sluice/model';

/** What the operator allowed: one part may have one certificate made, once, until then. */
export interface Enrolment {
  readonly endpointId: string;
  readonly role: string;
  /** DNS names and IP addresses that the part serves under. */
  readonly names: readonly string[];
  /** SHA-256 of the secret, lower-case hexadecimal: who reads the database cannot enrol. */
  readonly secretHash: string;
  readonly expiresAt: Instant;
}

/** Certificates that count no more: all that an endpoint had until then, or one by its serial number. */
export interface RevocationRecord {
  /** Counts up from 1. */
  readonly sequence: number;
  readonly at: Instant;
  readonly endpointId: string;
  readonly serialNumber?: string;
}

/** A person who signs in with a password that this server knows. */
export interface OperatorAccount {
  readonly name: string;
  /** `operator` or `auditor`. */
  readonly role: string;
  /** A slow, salted hash in the PHC string format; never the password. */
  readonly passwordHash: string;
  /** What was signed before counts no more. */
  readonly changedAt: Instant;
}

/** What must not be forgotten of who may join, and of who counts no more. */
export interface StandingStore {
  /** Adds an enrolment; the one that the endpoint had before is void. */
  putEnrolment(enrolment: Enrolment): Promise<void>;
  enrolment(endpointId: string): Promise<Enrolment | undefined>;
  /** Uses an enrolment up; of several who try at once, one succeeds. */
  takeEnrolment(endpointId: string, secretHash: string): Promise<boolean>;
  addRevocation(revocation: Omit<RevocationRecord, 'sequence'>): Promise<RevocationRecord>;
  /** All of them after a sequence number, in order. */
  revocations(after: number): Promise<readonly RevocationRecord[]>;
  /** Adds an account, or replaces what was known of it. */
  putOperator(account: OperatorAccount): Promise<void>;
  operator(name: string): Promise<OperatorAccount | undefined>;
  /** By name. */
  operators(): Promise<readonly OperatorAccount[]>;
  /** Removes an account; resolves to whether there was one. */
  forgetOperator(name: string): Promise<boolean>;
  /** A secret of the server's own: 32 octets, made at random when they are first asked for, the same ever after. */
  ownSecret(name: string): Promise<Uint8Array>;
}
