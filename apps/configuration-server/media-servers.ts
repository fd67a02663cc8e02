import {
  type Answer,
  ask,
  type ServerStartOrder,
  type StartAnswer,
  type StartOrder,
  startAnswer,
  streamEnds,
} from '@sluice/api';
import { clientTls, type Membership, peerIdentity } from '@sluice/identity';
import { type HttpsPeer, httpsPeer, type PartsBeside, placeOf } from '@sluice/io';
import { type Clock, type ContentSession, type Refusal, refuse } from '@sluice/model';
import { viewOf } from './http/views.ts';

/** Longest wait for a media server to begin, ms. */
const startMs = 3_000;

/** The media servers that this server may tell to start. */
export class MediaServers implements AsyncDisposable {
  readonly #peers: ReadonlyMap<string, HttpsPeer>;
  readonly #clock: Clock;

  /** `places` as the configuration has them; no connection is opened yet. */
  constructor(places: readonly string[], own: Membership, beside: PartsBeside | undefined, clock: Clock) {
    this.#clock = clock;
    const accepts = (socket: Parameters<typeof peerIdentity>[0]) =>
      own.watch.admits(socket) && peerIdentity(socket)?.role === 'media-server';
    const tls = clientTls(own.identity);
    this.#peers = new Map(
      places.map((place) => [place, httpsPeer({ ...placeOf(place, 'media-server', beside), tls, accepts })]),
    );
  }

  /** Why nothing is told to that media server; undefined where it may be. */
  bars(order: StartOrder): Refusal | undefined {
    // What a gateway tells is its household's to permit.
    if (order.by === 'gateway' || this.#peers.has(order.mediaServer)) return undefined;
    const { mediaServer } = order;
    const message = `the configuration server may not tell ${mediaServer} to start; name it in its mediaServers`;
    return refuse('not-permitted', message);
  }

  /** Tells the media server to start a session whose openings hold; again, it changes nothing. */
  start(order: ServerStartOrder, session: ContentSession, signal: AbortSignal): Promise<Answer<StartAnswer>> {
    const { by: _, mediaServer, ...how } = order;
    const peer = this.#peers.get(mediaServer);
    if (!peer) throw new RangeError(`${mediaServer} is no media server of ours`);
    const { contentId, portalId } = session.request;
    const streams = [...streamEnds(viewOf(session))].map(([id, { global }]) => ({ id, to: global }));
    const json = { sessionId: session.sessionId, contentId, streams, ...how, portalId };
    const part = { name: 'media server', peer, clock: this.#clock };
    return ask(
      part,
      startAnswer,
      { method: 'POST', path: '/v1/starts', json, mostMs: startMs, silence: 'media-not-started' },
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer[Symbol.asyncDispose]()));
  }
}
