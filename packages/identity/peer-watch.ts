import type { X509Certificate } from 'node:crypto';
import type { Server, TLSSocket } from 'node:tls';
import type { Cancel, Clock, Instant } from '@sluice/model';
import { readSubject } from './identity.ts';
import type { Revocations } from './revocations.ts';
import { peerCertificate } from './tls.ts';
import { type Validity, validityOf } from './validity.ts';

interface Watched {
  readonly certificate: X509Certificate;
  cancel: Cancel;
}

/**
 * The connections whose peer showed a certificate: let in while that counts, destroyed the moment it does not. OpenSSL
 * looks at a certificate in a full handshake only, so neither the end of its time nor a revocation would be noticed
 * on a session that is resumed, or on a connection that lives.
 */
export class PeerWatch implements Disposable {
  readonly #revocations: Revocations;
  readonly #clock: Clock;
  readonly #live = new Map<TLSSocket, Watched>();
  readonly #stop: Cancel;

  constructor(revocations: Revocations, clock: Clock) {
    this.#revocations = revocations;
    this.#clock = clock;
    this.#stop = revocations.observe(() => this.#sweep());
  }

  /** Connections watched now. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Whether the peer's certificate counts; a connection without one is nobody's, and is let in as such. From here on
   * the connection is destroyed as soon as its peer's certificate counts no more.
   */
  admits(socket: TLSSocket): boolean {
    if (this.#live.has(socket)) return true;
    if (socket.destroyed) return false;
    const certificate = peerCertificate(socket);
    if (!certificate) return true;
    const { from, until } = validityOf(certificate);
    const now = this.#clock.now();
    if (now < from || now >= until || this.#revocations.has(certificate)) return false;
    const watched: Watched = { certificate, cancel: () => {} };
    this.#destroyAt(until, socket, watched);
    this.#live.set(socket, watched);
    socket.once('close', () => {
      watched.cancel();
      this.#live.delete(socket);
    });
    return true;
  }

  /**
   * The validity of the newest certificate that `endpointId` showed on a live connection; undefined where there is none.
   */
  validityOfPeer(endpointId: string): Validity | undefined {
    const all = [...this.#live.values()].filter(
      ({ certificate }) => readSubject(certificate)?.endpointId === endpointId,
    );
    return all.map(({ certificate }) => validityOf(certificate)).sort((one, other) => other.until - one.until)[0];
  }

  /** Has a TLS server let in only who counts, on resumed sessions too. To be called before it serves. */
  guard(server: Server): void {
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (!this.admits(socket)) socket.destroy();
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
    for (const { cancel } of this.#live.values()) cancel();
    this.#live.clear();
  }

  #destroyAt(until: Instant, socket: TLSSocket, watched: Watched): void {
    const left = until - this.#clock.now();
    if (left <= 0) socket.destroy();
    // A wait may end early: a machine's timers hold no month.
    else watched.cancel = this.#clock.after(left, () => this.#destroyAt(until, socket, watched));
  }

  #sweep(): void {
    for (const [socket, { certificate }] of this.#live) if (this.#revocations.has(certificate)) socket.destroy();
  }
}
