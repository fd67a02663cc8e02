import { createHash } from 'node:crypto';
import { type Answer, contentRequestBody, statusOf } from '@sluice/api';
import type { Log } from '@sluice/io';
import { type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Caller, type CallerGround, callerOf, familyOfRequest, unnamedCaller } from './caller.ts';
import { type CallPorts, callRoutes } from './calls/routes.ts';
import { type LinkPorts, linkRoutes } from './links/routes.ts';
import { refuseInput } from './malformed.ts';
import { contentPage, contentsPage, icon, refusalPage } from './page.ts';
import { pageStyle } from './page-style.ts';
import type { Posters } from './posters.ts';
import type { RequestDesk } from './request-desk.ts';
import type { Shelf } from './shelf.ts';

const styleHash = createHash('sha256').update(pageStyle).digest('base64');
const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; img-src 'self'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
const wantedFamily = z.object({ family: z.enum(['4', '6']).optional() });
const leaveQuery = z.object({ reason: z.enum(['appliance-left', 'content-ended']).default('appliance-left') });

/** What a portal's routes lead to. */
export interface PortalParts {
  readonly desk: RequestDesk;
  readonly shelf: Shelf;
  readonly posters: Posters;
  readonly log: Log;
  readonly callers: CallerGround;
  /** Whether devices that show no certificate may look and ask. */
  readonly unnamed: boolean;
  readonly links: Omit<LinkPorts, 'callerOf'>;
  readonly calls: Omit<CallPorts, 'callerOf'>;
}

/** The portal's pages and its API, ready to be served; `signal` ends what looks at other parts. */
export function portalRoutes(
  { desk, shelf, posters, log, callers, unnamed, links, calls }: PortalParts,
  signal: AbortSignal,
): FastifyInstance {
  const familyOf = (request: FastifyRequest) => familyOfRequest(request.raw, callers);
  const forCaller = answering(
    (request) => callerOf(request, callers) ?? (unnamed ? unnamedCaller(request, callers) : undefined),
  );
  const app = Fastify({ bodyLimit: 64 * 1024, logger: false, routerOptions: { maxParamLength: 200 } });

  app.setErrorHandler((error: { statusCode?: number; message?: string }, request, reply) => {
    const { statusCode = 500, message = '' } = error;
    if (statusCode === 413) return send(reply, refuse('too-large', 'the body is larger than 64 KiB'));
    if (statusCode < 500) return send(reply, refuse('malformed', message), statusCode);
    log.error({ url: request.url, error: message }, 'a request failed');
    return send(reply, refuse('part-unreachable', 'the portal failed; tell the operator'), 500);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );

  app.get('/healthz', () => ({ ok: true }));

  app.get('/icon.svg', (_, reply) =>
    reply.headers({ 'content-type': 'image/svg+xml', 'cache-control': 'max-age=86400' }).send(icon),
  );

  app.get('/', async (request, reply) => {
    const answer = await shelf.all(familyOf(request));
    reply.headers(pageHeaders);
    if (answer.kind === 'refused')
      return reply.code(statusOf(answer.refusal.code)).send(refusalPage(answer.refusal, ''));
    return reply.send(contentsPage(answer.value.map(({ content }) => content)));
  });

  app.get<{ Params: { id: string } }>('/play/:id', async (request, reply) => {
    const answer = await shelf.find(request.params.id, familyOf(request));
    reply.headers(pageHeaders);
    if (answer.kind === 'refused')
      return reply.code(statusOf(answer.refusal.code)).send(refusalPage(answer.refusal, '../'));
    return reply.send(contentPage(answer.value.content, `https://${request.host}`));
  });

  app.get<{ Params: { id: string } }>('/posters/:id', async (request, reply) => {
    const found = await shelf.find(request.params.id, familyOf(request));
    if (found.kind === 'refused') return send(reply, found.refusal);
    const poster = await posters.of(found.value, signal);
    if (poster.kind === 'refused') return send(reply, poster.refusal);
    return reply
      .headers({
        'content-type': poster.value.contentType,
        'cache-control': 'max-age=3600',
        'x-content-type-options': 'nosniff',
      })
      .send(poster.value.body);
  });

  app.get('/v1/seen', (request, reply) =>
    forCaller(request, reply, async ({ flow }) => ({ kind: 'granted', value: { observed: flow.observed } })),
  );

  app.get('/v1/contents', (request, reply) =>
    forCaller(request, reply, async () => {
      const query = wantedFamily.safeParse(request.query);
      if (!query.success) return refused(refuseInput(query.error));
      const { family } = query.data;
      const answer = await shelf.all(family === undefined ? familyOf(request) : family === '6' ? 6 : 4);
      if (answer.kind === 'refused') return answer;
      return { kind: 'granted', value: { contents: answer.value.map(({ content }) => content) } };
    }),
  );

  app.get<{ Params: { id: string } }>('/v1/contents/:id', (request, reply) =>
    forCaller(request, reply, async () => {
      const answer = await shelf.find(request.params.id, familyOf(request));
      return answer.kind === 'refused' ? answer : { kind: 'granted', value: answer.value.content };
    }),
  );

  app.post('/v1/requests', (request, reply) =>
    forCaller(request, reply, async (caller) => {
      const body = contentRequestBody.safeParse(request.body);
      if (!body.success) return refused(refuseInput(body.error));
      const gone = new AbortController();
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort();
      });
      return desk.take(caller, body.data, gone.signal);
    }),
  );

  app.get<{ Params: { id: string } }>('/v1/requests/:id', (request, reply) =>
    forCaller(request, reply, (caller) => desk.look(caller, request.params.id, signal)),
  );

  app.delete<{ Params: { id: string } }>('/v1/requests/:id', (request, reply) =>
    forCaller(request, reply, async (caller) => {
      const query = leaveQuery.safeParse(request.query);
      if (!query.success) return refused(refuseInput(query.error));
      return desk.leave(caller, request.params.id, query.data.reason, signal);
    }),
  );

  const ofRequest = (request: FastifyRequest) => callerOf(request.raw, callers);
  linkRoutes(app, { ...links, callerOf: ofRequest });
  callRoutes(app, { ...calls, callerOf: ofRequest });

  return app;
}

/** Runs an act for an appliance or an operator, and sends what it answers. */
function answering(callerOf: (request: FastifyRequest['raw']) => Caller | undefined) {
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    act: (caller: Caller) => Promise<Answer<object>>,
  ): Promise<FastifyReply> => {
    const caller = callerOf(request.raw);
    if (!caller) {
      const message = 'this needs the certificate of an appliance or an operator of this deployment';
      return send(reply, refuse('not-permitted', message));
    }
    const answer = await act(caller);
    return answer.kind === 'refused' ? send(reply, answer.refusal) : reply.send(answer.value);
  };
}

function refused(refusal: Refusal): Answer<never> {
  return { kind: 'refused', refusal };
}

function send(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds);
  return reply.code(status).type('application/json; charset=utf-8').send(refusal);
}
