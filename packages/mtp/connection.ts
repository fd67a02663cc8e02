import type { IpAddress } from '@sluice/model';
import type { UspRecord } from '@sluice/wire/usp';

/** WebSocket close codes that USP gives a meaning (RFC 6455 7.4.1, TR-369 R-WS.16). */
export const closeCode = {
  normal: 1000,
  goingAway: 1001,
  /** A text frame, or bytes that are no USP record. */
  unusable: 1003,
  /** The peer is not who its records say, or a newer connection of the same peer replaces this one. */
  policy: 1008,
  tooLarge: 1009,
} as const;

/** How a connection ended. */
export interface Closed {
  /** WebSocket close code; 1006 where the transport broke. */
  readonly code: number;
  readonly reason: string;
}

/**
 * A channel to one USP endpoint. What comes out of it is checked: parsable, for a 1.x version, from the peer that
 * the transport proved.
 */
export interface UspConnection {
  /** This end's endpoint id. */
  readonly local: string;
  /** The endpoint id that the peer's certificate proves. */
  readonly peer: string;
  /** Where the peer's packets come from; undefined where that means nothing. */
  readonly from?: IpAddress;
  /**
   * Queues an encoded record. False, and nothing is sent, when the connection is closed or more than the bound
   * waits unsent.
   */
  send(record: Uint8Array): boolean;
  /** Names who gets the records; what came before waits. To be called once; the receiver must not throw. */
  receive(receiver: (record: UspRecord) => void): void;
  /** Ends it in order; harmless when it is closed. */
  close(code?: number, reason?: string): void;
  /** Resolves when it is over, whoever ended it. Never rejects. */
  readonly closed: Promise<Closed>;
}
