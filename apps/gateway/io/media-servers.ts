import { ask, heardOf, type OpeningsHeld } from '@sluice/api';
import { clientTls, type Membership, peerIdentity } from '@sluice/identity';
import { type HttpsPeer, httpsPeer, type Log } from '@sluice/io';
import type { KernelOpening } from '@sluice/kernel';
import { type Clock, type Endpoint, formatEndpoint, type StartNotice } from '@sluice/model';

/** Longest wait for a media server's answer, ms. */
const answerMs = 5_000;
/** Media servers that a connection is kept to. */
const mostPeers = 8;

/** Tells media servers that what their streams need is open. */
export class MediaServers implements AsyncDisposable {
  readonly #own: Membership;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #peers = new Map<string, HttpsPeer>();
  readonly #ending = new AbortController();

  constructor(own: Membership, clock: Clock, log: Log) {
    this.#own = own;
    this.#clock = clock;
    this.#log = log;
  }

  /** Says it once. Whoever waits for the media hears from the media server whether it came to something. */
  tell({ mediaServer, startId }: StartNotice, opened: readonly KernelOpening[]): void {
    const openings: OpeningsHeld['openings'] = opened.flatMap(({ remote: { address, port }, global }) =>
      address === undefined || port === undefined ? [] : [{ remote: { address, port }, to: { ...global } }],
    );
    const part = { name: 'media server', peer: this.#peerAt(mediaServer), clock: this.#clock };
    const path = `/v1/awaited-starts/${startId}`;
    ask(part, heardOf, { method: 'POST', path, json: { openings }, mostMs: answerMs }, this.#ending.signal).then(
      (answer) => {
        if (answer.kind === 'refused') this.#log.warn({ startId, ...answer.refusal }, 'a media server did not start');
      },
      () => {},
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the gateway ends'));
    await Promise.all([...this.#peers.values()].map((peer) => peer[Symbol.asyncDispose]()));
  }

  #peerAt(endpoint: Endpoint): HttpsPeer {
    const origin = `https://${formatEndpoint(endpoint)}`;
    const known = this.#peers.get(origin);
    if (known) return known;
    const { identity, watch } = this.#own;
    const peer = httpsPeer({
      origin,
      tls: clientTls(identity),
      accepts: (socket) => watch.admits(socket) && peerIdentity(socket)?.role === 'media-server',
      connections: 4,
    });
    this.#peers.set(origin, peer);
    const [oldest] = this.#peers;
    if (oldest && this.#peers.size > mostPeers) {
      this.#peers.delete(oldest[0]);
      void oldest[1][Symbol.asyncDispose]();
    }
    return peer;
  }
}
