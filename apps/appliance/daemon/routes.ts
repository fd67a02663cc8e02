import type { Socket } from 'node:net';
import { contentRequestBody, statusOf } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HandedPlays } from '../browser/handed-plays.ts';
import type { Grants } from '../browser/origins.ts';
import type { Portal } from '../portal.ts';
import type { ProgramSessions } from './program-sessions.ts';

/** What the daemon's socket serves. */
export interface DaemonParts {
  readonly portal: Portal;
  readonly sessions: ProgramSessions;
  /** Whose program is connected; undefined where that cannot be known. */
  userOf(socket: Socket): number | undefined;
  /** Websites that may ask, and the user that decides about them beside root; left out, none may. */
  readonly websites?: Websites | undefined;
}

/** What the household says about websites. */
export interface Websites {
  readonly grants: Pick<Grants, 'list' | 'allow' | 'forget'>;
  readonly plays: Pick<HandedPlays, 'endOf'>;
  readonly owner: number;
}

const website = z.strictObject({ origin: z.string().max(300) });

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
export function daemonRoutes(
  { portal, sessions, userOf, websites }: DaemonParts,
  signal: AbortSignal,
): FastifyInstance {
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

  if (websites) websiteRoutes(app, websites, user);
  return app;
}

/** Who may ask programs is not who may ask the household: only root, and the daemon's own user, say for it. */
function websiteRoutes(
  app: FastifyInstance,
  { grants, plays, owner }: Websites,
  user: (request: FastifyRequest) => number | undefined,
): void {
  const mayDecide = (request: FastifyRequest) => [0, owner].includes(user(request) ?? -1);
  const no = refuse('not-permitted', "only root and the daemon's own user decide which websites may ask");

  app.get('/v1/websites', (request, reply) => (mayDecide(request) ? { websites: grants.list() } : send(reply, no)));

  app.post('/v1/websites', async (request, reply) => {
    const body = website.safeParse(request.body);
    if (!mayDecide(request)) return send(reply, no);
    if (!body.success || !(await grants.allow(body.data.origin)))
      return send(
        reply,
        refuse('malformed', 'an origin is https://host, as the browser shows it, and nothing behind it'),
      );
    return { websites: grants.list() };
  });

  app.post('/v1/websites/forget', async (request, reply) => {
    const body = website.safeParse(request.body);
    if (!mayDecide(request)) return send(reply, no);
    if (!body.success) return send(reply, refuse('malformed', 'which origin?'));
    await grants.forget(body.data.origin);
    await plays.endOf(body.data.origin);
    return { websites: grants.list() };
  });
}

function send(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(refusal);
}
