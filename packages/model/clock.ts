/** A moment: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** The one way to know the time or to wait. Virtual in tests. */
export interface Clock {
  now(): Instant;
  /** Runs `act` once, `delayMs` from now, unless cancelled first. */
  after(delayMs: number, act: () => void): Cancel;
}

/** Calls off what it was returned for; harmless when that already happened. */
export type Cancel = () => void;
