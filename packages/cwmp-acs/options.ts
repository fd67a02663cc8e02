import type { Clock } from '@sluice/model';
import type { CwmpContact } from './contact.ts';
import type { DeviceDirectory } from './device.ts';

/** Told what devices do on their own account. */
export interface AcsListener {
  /** A device began a session. It is held until what is returned settles, so that work can be done in it. */
  informed(contact: CwmpContact): Promise<unknown> | undefined;
}

/** Where the ACS tells what an operator should see. */
export interface AcsLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What an ACS is made of. */
export interface AcsOptions {
  readonly devices: DeviceDirectory;
  readonly listener: AcsListener;
  readonly clock: Clock;
  readonly log: AcsLog;
  readonly limits?: Partial<AcsLimits>;
}

/** How long and how much. */
export interface AcsLimits {
  /** How long a session is held open after work, so that more of it needs no new connection request. */
  readonly holdMs: number;
  /** Longest that a session is held for work that was announced. */
  readonly expectMs: number;
  /** Longest wait for a device's answer to one call; then its session is over. */
  readonly answerMs: number;
  /** Longest wait for a session after a device was woken; whoever waits may leave earlier. */
  readonly wakeMs: number;
  /** Longest wait for the answer to a connection request over HTTP. */
  readonly connectionRequestMs: number;
  /** Most sessions at once; a device that comes then is told to come later. */
  readonly sessions: number;
  /** Longest body, in octets. */
  readonly bodyBytes: number;
  /** Most messages of one session, in each direction. */
  readonly messages: number;
}

/** Limits of a deployment that says nothing. */
export const defaultAcsLimits: AcsLimits = {
  holdMs: 3_000,
  expectMs: 10_000,
  answerMs: 30_000,
  wakeMs: 30_000,
  connectionRequestMs: 5_000,
  sessions: 10_000,
  bodyBytes: 512 * 1024,
  messages: 1_000,
};
