import {
  type Answer,
  type ContentRequestBody,
  type OpenedSession,
  type SessionRequest,
  type SessionView,
  type StartAnswer,
  type Starter,
  type StartRequest,
  streamEnds,
} from '@sluice/api';
import { type Endpoint, isPort, parseIpAddress, refuse } from '@sluice/model';
import { isDirectSession } from './direct.ts';
import type { MediaServer } from './parts.ts';

/** Who tells the media server to start, and what that takes. */
export interface StartGround {
  /** Left out, this portal. */
  readonly starter?: Starter;
  /** What a start is known by that a gateway tells of: the same for the same request, and nobody else can guess it. */
  startIdOf?(applianceId: string, requestId: string): string;
  readonly lifetime: AbortSignal;
}

/** The start of one request's streams, whoever tells of it. */
export interface Starting {
  /** What the configuration server is told of it. */
  readonly order: SessionRequest['start'];
  /** Sees to it that the streams of an open session are sent. */
  started(session: OpenedSession): Promise<Answer<StartAnswer>>;
  /** Nothing is open, or nobody waits: who would tell is not awaited. */
  abandon(): void;
}

/** What a media server knows a session's start by. */
export function mediaIdOf(
  { starter, startIdOf }: StartGround,
  { sessionId, applianceId, requestId }: Pick<SessionView, 'sessionId' | 'applianceId' | 'requestId'>,
): string {
  if (starter !== 'gateway' || !startIdOf || isDirectSession(sessionId)) return sessionId;
  return startIdOf(applianceId, requestId);
}

/** Before anything is open: where a gateway will tell the media server, that is told to await it. */
export function prepareStart(
  ground: StartGround,
  request: Omit<SessionRequest, 'start'>,
  body: Pick<ContentRequestBody, 'firstSpeaker' | 'srtp'>,
  server: MediaServer,
): Starting {
  const { starter, startIdOf, lifetime } = ground;
  const how = { firstSpeaker: body.firstSpeaker, ...(body.srtp && { srtp: body.srtp }) };
  const { contentId } = request;
  const startIt = (session: SessionView) =>
    server.start({ sessionId: session.sessionId, contentId, streams: destinationsOf(session), ...how }, lifetime);
  if (starter === 'configuration-server')
    return {
      order: { by: starter, mediaServer: server.place, ...how },
      // Who is sent to directly is nobody's but ours to start for.
      started: async (session) =>
        session.started ? { kind: 'granted', value: session.started } : await startIt(session),
      abandon() {},
    };
  const mediaServer = endpointOf(server.place);
  if (starter !== 'gateway' || !startIdOf || !mediaServer) return { order: undefined, started: startIt, abandon() {} };
  const startId = startIdOf(request.applianceId, request.requestId);
  const waiting = new AbortController();
  const streams = request.streams.map(({ id }) => id);
  const observed = request.flow.observed.address;
  const told = server
    .startAwaited({ startId, contentId, streams, observed, ...how }, AbortSignal.any([lifetime, waiting.signal]))
    .catch((error: unknown): Answer<StartAnswer> => {
      lifetime.throwIfAborted();
      return { kind: 'refused', refusal: refuse('media-not-started', String(error)) };
    });
  // Whether it is asked after or not.
  told.catch(() => {});
  const abandon = () => waiting.abort(new Error('it is not awaited any more'));
  return {
    order: { by: 'gateway', mediaServer, startId },
    started(session) {
      if (!isDirectSession(session.sessionId)) return told;
      abandon();
      return startIt(session);
    },
    abandon,
  };
}

/** Where a media server sends each stream of a session. */
export function destinationsOf(session: SessionView): StartRequest['streams'] {
  return [...streamEnds(session)].map(([id, { global }]) => ({ id, to: global }));
}

/** The address and port in `https://address:port`; undefined where a name stands there, which a gateway cannot look up. */
export function endpointOf(place: string): Endpoint | undefined {
  const url = URL.parse(place);
  const address = parseIpAddress(url?.hostname.replace(/^\[|\]$/g, '') ?? '');
  const port = Number(url?.port || 443);
  return address === undefined || !isPort(port) ? undefined : { address, port };
}
