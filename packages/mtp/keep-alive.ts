import type { Cancel, Clock } from '@sluice/model';

/** What a keep-alive needs of a connection. */
export interface Pinged {
  ping(): void;
  /** Ends it at once: the peer is gone. */
  terminate(): void;
}

/**
 * Pings every `intervalMs`, the first time after a random part of it, so that many connections made together do not
 * ping together. A ping without a pong until the next is due ends the connection (TR-369 R-WS.17).
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #pinged: Pinged;
  #answered = true;
  #cancel: Cancel;

  constructor(pinged: Pinged, clock: Clock, intervalMs: number, random: () => number) {
    this.#pinged = pinged;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#cancel = clock.after(intervalMs * random(), () => this.#beat());
  }

  /** The peer has shown that it is there. */
  answered(): void {
    this.#answered = true;
  }

  stop(): void {
    this.#cancel();
  }

  #beat(): void {
    if (!this.#answered) {
      this.#pinged.terminate();
      return;
    }
    this.#answered = false;
    this.#pinged.ping();
    this.#cancel = this.#clock.after(this.#intervalMs, () => this.#beat());
  }
}
