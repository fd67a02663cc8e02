import { isDeepStrictEqual } from 'node:util';
import type { Answer, ContentAnswer, ContentRequestBody, RequestView, SessionView } from '@sluice/api';
import { refuse } from '@sluice/model';
import type { Caller } from './caller.ts';
import { liveSessions } from './live-sessions.ts';
import type { MediaServer } from './parts.ts';
import { Person } from './person.ts';
import { mediaIdOf } from './starting.ts';
import { closeSurely, type Deciding, decide, undo, type Verdict } from './verdict.ts';

/** Where appliances ask for content, look how it stands, and leave. */
export interface RequestDesk extends Disposable {
  /**
   * Asking again with the same request id gives the same answer. `gone` tells that the asker went away unanswered;
   * when all askers of a request have, what was opened is closed.
   */
  take(caller: Caller, body: ContentRequestBody, gone: AbortSignal): Promise<Answer<ContentAnswer>>;
  look(caller: Caller, sessionId: string, signal: AbortSignal): Promise<Answer<RequestView>>;
  /** The gateway is closed first, then the media server stops. */
  leave(
    caller: Caller,
    sessionId: string,
    reason: 'appliance-left' | 'content-ended',
    signal: AbortSignal,
  ): Promise<Answer<RequestView>>;
}

interface Request {
  readonly applianceId: string;
  readonly body: ContentRequestBody;
  readonly verdict: Promise<Verdict>;
  readonly abandon: AbortController;
  askers: number;
}

/** Opens a desk. `servers` are asked to stop sessions that this desk did not start itself. */
export function requestDesk(parts: Deciding, servers: readonly MediaServer[]): RequestDesk {
  const { configuration, lifetime } = parts;
  const requests = new Map<string, Request>();
  const live = liveSessions(configuration, parts.clock, lifetime);

  const person = new Person();

  const begin = (key: string, caller: Caller, body: ContentRequestBody): Request => {
    const abandon = new AbortController();
    person.heard(caller.endpointId, body.gatewayType);
    const verdict = decide(parts, caller, body, abandon.signal).then(
      (settled) => {
        if (settled.kind === 'refused') {
          requests.delete(key);
          const refusal = person.asked(caller.endpointId, settled.refusal);
          parts.log.info({ requestId: body.requestId, applianceId: caller.endpointId, ...settled.refusal }, 'refused');
          return { kind: 'refused', refusal } as const;
        }
        const { sessionId, contentId, until } = settled.value;
        const applianceId = caller.endpointId;
        const mediaId = mediaIdOf(parts, { sessionId, applianceId, requestId: body.requestId });
        const session = { sessionId, contentId, applianceId, server: settled.server, mediaId };
        live.add(session, until, () => requests.delete(key));
        parts.log.info({ sessionId, requestId: body.requestId, steps: settled.value.steps }, 'started');
        return settled;
      },
      (error: unknown) => {
        requests.delete(key);
        throw error;
      },
    );
    const request = { applianceId: caller.endpointId, body, verdict, abandon, askers: 0 };
    requests.set(key, request);
    return request;
  };

  const abandonIfAlone = async (request: Request): Promise<void> => {
    request.askers -= 1;
    if (request.askers > 0) return;
    request.abandon.abort();
    const verdict = await request.verdict;
    if (verdict.kind === 'refused') return;
    const { sessionId } = verdict.value;
    live.forget(sessionId);
    const { requestId } = request.body;
    await undo(parts, { sessionId, applianceId: request.applianceId, requestId }, 'appliance-left', verdict.server);
  };

  /** Somebody else's session is not there at all. */
  const owned = async (caller: Caller, sessionId: string, signal: AbortSignal): Promise<Answer<SessionView>> => {
    const answer = await configuration.look(sessionId, signal);
    if (answer.kind === 'refused' || caller.role === 'operator' || answer.value.applianceId === caller.endpointId)
      return answer;
    return { kind: 'refused', refusal: refuse('session-unknown', `there is no session ${sessionId}`) };
  };

  const firstKnowing = async (
    sessionId: string,
    act: (server: MediaServer) => ReturnType<MediaServer['look']>,
  ): Promise<RequestView['media']> => {
    const server = live.get(sessionId)?.server;
    const answers = await Promise.all((server ? [server] : servers).map(act));
    for (const answer of answers) if (answer.kind === 'granted') return answer.value;
    return undefined;
  };

  return {
    async take(caller, body, gone) {
      const key = `${caller.endpointId} ${body.requestId}`;
      const request = requests.get(key) ?? begin(key, caller, body);
      if (!isDeepStrictEqual(unsigned(request.body), unsigned(body))) {
        const message = `request id ${body.requestId} was used for another request; ask with a new one`;
        return { kind: 'refused', refusal: refuse('request-conflict', message) };
      }
      request.askers += 1;
      const leaves = () => void abandonIfAlone(request).catch(() => {});
      if (gone.aborted) leaves();
      else gone.addEventListener('abort', leaves, { once: true });
      const verdict = await request.verdict;
      return verdict.kind === 'refused' ? verdict : { kind: 'granted', value: verdict.value };
    },

    async look(caller, sessionId, signal) {
      const answer = await owned(caller, sessionId, signal);
      if (answer.kind === 'refused') return answer;
      const mediaId = mediaIdOf(parts, answer.value);
      const media = await firstKnowing(sessionId, (server) => server.look(mediaId, signal));
      return { kind: 'granted', value: viewOf(answer.value, media) };
    },

    async leave(caller, sessionId, reason, signal) {
      const known = live.get(sessionId);
      if (known?.applianceId !== caller.endpointId) {
        const answer = await owned(caller, sessionId, signal);
        if (answer.kind === 'refused') return answer;
      }
      // From here on the end is ours to see through, though the asker may not wait for it.
      const closed = await closeSurely(parts, sessionId, caller.role === 'operator' ? 'revoked' : reason);
      const mediaId = known?.mediaId ?? (closed.kind === 'granted' ? mediaIdOf(parts, closed.value) : sessionId);
      const media = await firstKnowing(sessionId, (server) => server.stop(mediaId, parts.lifetime));
      if (closed.kind === 'refused') return closed;
      live.forget(sessionId);
      parts.log.info({ sessionId, reason }, 'ended');
      return { kind: 'granted', value: viewOf(closed.value, media) };
    },

    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

/** Signing the same again gives another signature. */
function unsigned({ consent: _, ...body }: ContentRequestBody) {
  return body;
}

function viewOf(session: SessionView, media: RequestView['media']): RequestView {
  const { sessionId, contentId, state, closeReason, until } = session;
  return {
    sessionId,
    contentId,
    state,
    ...(closeReason === undefined ? {} : { closeReason }),
    until,
    ...(media === undefined ? {} : { media }),
  };
}
