import {
  closeQuery,
  identifier,
  type OpenedSession,
  openedSession,
  problem,
  type SessionRequest,
  sessionList,
  sessionQuery,
  sessionRequest,
  sessionView,
} from '@sluice/api';
import { checkRemotes } from '@sluice/control';
import { type ContentRequest, type ContentSession, type Refusal, refuse } from '@sluice/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askers, readers, watchers } from './access.ts';
import { flowOf, streamOf } from './asked.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';
import { viewOf } from './views.ts';

const byId = z.object({ sessionId: identifier });

/** Content sessions: asked for by portals, watched and revoked by operators. */
export function sessionRoutes(
  app: FastifyInstance,
  { control, contacts, discovery, players, limits, unregisteredPortals, mediaServers, lifetime }: ApiPorts,
): void {
  app.post(
    '/v1/sessions',
    {
      config: askers,
      schema: {
        summary: 'Open a home for one content request: every stream, or none',
        body: sessionRequest,
        response: { 201: openedSession, '4xx': problem, '5xx': problem },
      },
    },
    async (request, reply) => {
      const seen = contentRequestOf(request);
      const { gatewayType: told, start } = request.body as SessionRequest;
      const barred = (await remotesBarred(seen, request)) ?? (start && mediaServers.bars(start));
      const { asked, refusal: untied } = barred ? { asked: seen } : await players.tied(seen, whileWaiting(reply));
      const { applianceId, flow } = asked;
      if (!barred) await contacts.contact(applianceId, flow.observed.address);
      // An operator's request came from no home.
      const isSeen = !barred && request.caller.role === 'portal';
      const missing = isSeen ? await discovery.contact(applianceId, flow.observed.address, told) : undefined;
      const admit = (asking: ContentRequest, gatewayId?: string) =>
        barred ?? limits.admit(asking, gatewayId) ?? untied ?? (gatewayId === undefined ? missing : undefined);
      const verdict = await control.open(asked, whileWaiting(reply), admit);
      if (isSeen) await discovery.judged(applianceId, verdict);
      if (verdict.kind === 'refused') return refuseTo(reply, verdict.refusal);
      const { session } = verdict;
      const opened: OpenedSession = viewOf(session);
      if (start?.by !== 'configuration-server' || session.state !== 'open') return reply.code(201).send(opened);
      const started = await mediaServers.start(start, session, lifetime);
      if (started.kind === 'granted') return reply.code(201).send({ ...opened, started: started.value });
      await control.close(session.sessionId, 'media-not-started', lifetime);
      return refuseTo(reply, notStarted(started.refusal));
    },
  );

  app.get(
    '/v1/sessions',
    {
      config: readers,
      schema: { summary: 'List sessions', querystring: sessionQuery, response: { 200: sessionList, '4xx': problem } },
    },
    async (request) => {
      const { state, gatewayId, applianceId, after, limit } = request.query as z.infer<typeof sessionQuery>;
      const sessions = await control.sessions({
        limit,
        ...(after !== undefined && { after }),
        ...(state !== undefined && { states: state }),
        ...(gatewayId !== undefined && { gatewayId }),
        ...(applianceId !== undefined && { applianceId }),
      });
      return { sessions: sessions.map(viewOf) };
    },
  );

  app.get(
    '/v1/sessions/:sessionId',
    {
      config: watchers,
      schema: {
        summary: 'A session with its timeline, and its counters as the gateway has them now',
        params: byId,
        response: { 200: sessionView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { sessionId } = request.params as z.infer<typeof byId>;
      if (!(await mayUse(sessionId, request))) return unknown(reply, sessionId);
      const session = await control.look(sessionId, whileWaiting(reply));
      return session ? reply.send(viewOf(session)) : unknown(reply, sessionId);
    },
  );

  app.delete(
    '/v1/sessions/:sessionId',
    {
      config: askers,
      schema: {
        summary: 'Close a session at its gateway; harmless on one that has ended',
        params: byId,
        querystring: closeQuery,
        response: { 200: sessionView, '4xx': problem, '5xx': problem },
      },
    },
    async (request, reply) => {
      const { sessionId } = request.params as z.infer<typeof byId>;
      const { reason } = request.query as z.infer<typeof closeQuery>;
      if (!(await mayUse(sessionId, request))) return unknown(reply, sessionId);
      const session = await control.close(sessionId, reason, whileWaiting(reply));
      return session ? reply.send(viewOf(session)) : unknown(reply, sessionId);
    },
  );

  /** Why a portal may not ask for these streams; operators may ask for any. */
  async function remotesBarred(asked: ContentRequest, { caller }: FastifyRequest): Promise<Refusal | undefined> {
    if (caller.role !== 'portal' || unregisteredPortals === 'permitted') return undefined;
    return checkRemotes(asked, await control.registrations.portal(caller.endpointId));
  }

  /** A portal's sessions are its own; another's do not exist for it. */
  async function mayUse(sessionId: string, { caller }: FastifyRequest): Promise<boolean> {
    if (caller.role !== 'portal') return true;
    const session: ContentSession | undefined = await control.session(sessionId);
    return session?.request.portalId === caller.endpointId;
  }
}

function contentRequestOf(request: FastifyRequest): ContentRequest {
  const { consent, receiver, flow, gatewayType: _, start, ...body } = request.body as SessionRequest;
  return {
    ...body,
    flow: flowOf(flow),
    ...(consent !== undefined && { consent }),
    ...(start?.by === 'gateway' && { start: { mediaServer: start.mediaServer, startId: start.startId } }),
    ...(receiver && { receiver }),
    portalId: request.caller.endpointId,
    streams: body.streams.map(streamOf),
  };
}

function notStarted({ code, message }: Refusal): Refusal {
  return refuse(
    code === 'protection-missing' ? code : 'media-not-started',
    `the media server did not start, and the home was closed again: ${message}`,
  );
}

function unknown(reply: FastifyReply, sessionId: string): FastifyReply {
  return refuseTo(reply, refuse('session-unknown', `there is no session ${sessionId}`));
}

/** Ends when the caller goes away before its answer. */
export function whileWaiting(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the caller went away'));
  });
  return gone.signal;
}
