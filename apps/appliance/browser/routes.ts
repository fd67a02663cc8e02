import { timingSafeEqual } from 'node:crypto';
import { contentRequestBody, statusOf } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Portal } from '../portal.ts';
import { askingPage, barred, isOwnForm, preflightFor, readableBy } from './gate.ts';
import type { HandedPlays } from './handed-plays.ts';
import { householdPage, householdPolicy } from './household-page.ts';
import { type Grants, readOrigin } from './origins.ts';

/** What pages of the web are served from. */
export interface BrowserParts {
  readonly portal: Portal;
  readonly grants: Grants;
  readonly plays: HandedPlays;
  /** Proves that a form is of a page of this very start of the daemon. */
  readonly token: string;
}

const playRequest = z.strictObject({ contentId: contentRequestBody.shape.contentId });
const decision = z.object({ token: z.string(), origin: z.string().max(300), meant: z.string().optional() });
const plain = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' };
// A form of a page without a referrer would say that it is of no origin.
const html = {
  ...plain,
  'referrer-policy': 'same-origin',
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': householdPolicy,
};

/** On 127.0.0.1: `/v1` for pages of origins that the household allowed, and the household's own page about them. */
export function browserRoutes({ portal, grants, plays, token }: BrowserParts, signal: AbortSignal): FastifyInstance {
  const app = Fastify({ bodyLimit: 4096, logger: false, forceCloseConnections: true });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  const pageOf = (request: FastifyRequest) => askingPage(request, (origin) => grants.has(origin));

  app.addHook('onRequest', async (request, reply) => {
    const refusal = barred(request);
    if (refusal) return send(reply, refusal);
    if (!request.url.startsWith('/v1/')) return;
    const page = pageOf(request);
    if (typeof page !== 'string') return send(reply, page);
    if (request.method === 'OPTIONS') return reply.code(204).headers(preflightFor(page, request)).send();
    reply.headers({ ...plain, ...readableBy(page) });
  });
  app.setErrorHandler((error: { statusCode?: number; message?: string }, _, reply) => {
    const { statusCode = 500, message = 'the daemon failed' } = error;
    return send(reply, refuse(statusCode === 413 ? 'too-large' : 'malformed', message), statusCode);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );
  // Preflights end above; without a route they would not come that far.
  app.options('/v1/*', (_, reply) => reply.code(204).send());

  app.get('/v1/contents', async (_, reply) => {
    const answer = await portal.contents(undefined, signal);
    if (answer.kind === 'refused') return send(reply, answer.refusal);
    return { contents: answer.value.map(({ contentId, title, kind }) => ({ contentId, title, kind })) };
  });

  app.post('/v1/plays', (request, reply) => {
    const page = pageOf(request);
    const body = playRequest.safeParse(request.body);
    if (typeof page !== 'string' || !body.success)
      return send(reply, refuse('malformed', 'contentId: 1 to 128 letters'));
    const play = plays.begin(page, body.data.contentId);
    return 'code' in play ? send(reply, play) : reply.code(201).send({ playId: play.playId });
  });

  app.get<{ Params: { id: string } }>('/v1/plays/:id/news', (request, reply) => {
    const page = pageOf(request);
    const play = typeof page === 'string' ? plays.find(page, request.params.id) : undefined;
    if (!play || typeof page !== 'string') return send(reply, refuse('session-unknown', 'there is no such play'));
    reply.hijack();
    reply.raw.writeHead(200, { ...plain, ...readableBy(page), 'content-type': 'text/event-stream' });
    const stop = play.news.read(({ event, data }) =>
      reply.raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    );
    reply.raw.on('close', stop);
    return reply;
  });

  app.delete<{ Params: { id: string } }>('/v1/plays/:id', async (request, reply) => {
    const page = pageOf(request);
    const play = typeof page === 'string' ? plays.find(page, request.params.id) : undefined;
    if (!play) return send(reply, refuse('session-unknown', 'there is no such play'));
    await play.leave();
    return { left: true };
  });

  app.get<{ Querystring: { origin?: string } }>('/', (request, reply) => {
    const { origin } = request.query;
    const asking = typeof origin === 'string' ? readOrigin(origin) : undefined;
    const unknown = asking !== undefined && !grants.has(asking) ? asking : undefined;
    return reply.headers(html).send(householdPage(grants.list(), token, unknown));
  });

  const decided = (request: FastifyRequest): z.infer<typeof decision> | undefined => {
    const body = decision.safeParse(request.body);
    return isOwnForm(request) && body.success && isSame(body.data.token, token) ? body.data : undefined;
  };
  const notOurs = refuse('not-permitted', "this is decided on the daemon's own page: load it again");

  app.post('/allow', async (request, reply) => {
    const body = decided(request);
    if (body?.meant !== 'yes' || !(await grants.allow(body.origin))) return send(reply, notOurs);
    return reply.headers(plain).redirect('/', 303);
  });

  app.post('/forget', async (request, reply) => {
    const body = decided(request);
    if (!body) return send(reply, notOurs);
    await grants.forget(body.origin);
    await plays.endOf(body.origin);
    return reply.headers(plain).redirect('/', 303);
  });

  return app;
}

function isSame(text: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(text), Buffer.from(token)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function send(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  return reply.code(status).headers(plain).type('application/json; charset=utf-8').send(refusal);
}
