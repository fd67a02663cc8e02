import type { Socket } from 'node:net';
import { contentRequestBody, statusOf } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Portal } from '../portal.ts';
import type { ProgramSessions } from './program-sessions.ts';

/** What the daemon's socket serves. */
export interface DaemonParts {
  readonly portal: Portal;
  readonly sessions: ProgramSessions;
  /** Whose program is connected; undefined where that cannot be known. */
  userOf(socket: Socket): number | undefined;
}

const { contentId, requestId, localPorts, firstSpeaker, srtp } = contentRequestBody.shape;

/** POST /v1/sessions on the daemon. */
export const programRequest = z.strictObject({
  contentId,
  requestId: requestId.optional(),
  localPorts,
  firstSpeaker,
  srtp,
});

/** What programs of this device ask, over a Unix socket: plain HTTP, JSON, and lines of it for what goes on. */
export function daemonRoutes({ portal, sessions, userOf }: DaemonParts, signal: AbortSignal): FastifyInstance {
  const app = Fastify({ bodyLimit: 16_384, logger: false, forceCloseConnections: true });
  const user = (request: FastifyRequest) => userOf(request.raw.socket);

  app.setErrorHandler((error: { statusCode?: number; message?: string }, _, reply) => {
    const { statusCode = 500, message = 'the daemon failed' } = error;
    return send(reply, refuse(statusCode === 413 ? 'too-large' : 'malformed', message), statusCode);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );

  app.get('/healthz', () => ({ ok: true }));

  app.get('/v1/contents', async (_, reply) => {
    const answer = await portal.contents(undefined, signal);
    return answer.kind === 'refused' ? send(reply, answer.refusal) : { contents: answer.value };
  });

  app.get('/v1/sessions', (request) => ({ sessions: sessions.of(user(request)).map((session) => session.view()) }));

  app.post('/v1/sessions', async (request, reply) => {
    const body = programRequest.safeParse(request.body);
    if (!body.success) return send(reply, refuse('malformed', z.prettifyError(body.error)));
    const { raw } = reply;
    // The connection is the program: its end, before or after the answer, is the end of what it asked for.
    const gone = new AbortController();
    raw.once('close', () => gone.abort(new Error('the program has gone')));
    let opened: Awaited<ReturnType<ProgramSessions['open']>>;
    try {
      opened = await sessions.open(body.data, user(request), AbortSignal.any([signal, gone.signal]));
    } catch (error) {
      if (gone.signal.aborted) return reply.hijack();
      throw error;
    }
    if (opened.kind === 'refused') return send(reply, opened.refusal);
    const session = opened.value;
    reply.hijack();
    if (gone.signal.aborted) return void session.leave();
    raw.once('close', () => void session.leave());
    raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    session.watch((event) => {
      raw.write(`${JSON.stringify(event)}\n`);
      if (event.event === 'closed') raw.end();
    });
    return reply;
  });

  app.delete<{ Params: { id: string } }>('/v1/sessions/:id', async (request, reply) => {
    const session = sessions.of(user(request)).find(({ answer }) => answer.sessionId === request.params.id);
    if (!session) return send(reply, refuse('session-unknown', 'you have no such session'));
    const left = await session.leave();
    return left.kind === 'refused' ? send(reply, left.refusal) : session.view();
  });

  return app;
}

function send(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(refusal);
}
