import type { TLSSocket } from 'node:tls';
import {
  type Answer,
  awaitedStart,
  type Content,
  describeUnfit,
  openingsHeld,
  probeRequest,
  startFor,
  statusOf,
} from '@sluice/api';
import { peerIdentity, type Role } from '@sluice/identity';
import type { Log } from '@sluice/io';
import { type Clock, type Family, type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { contentView, type ServedContent } from './catalogue.ts';
import type { AwaitedStarts } from './sending/awaited.ts';
import { sendProbes } from './sending/probing.ts';
import type { Starts } from './sending/starts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The portal that asks; undefined where it is another part. */
    portalId: string | undefined;
  }
}

/** Who may ask anything of a media server. */
const callers: readonly Role[] = ['portal', 'configuration-server', 'operator'];
const wantedFamily = z.object({ family: z.enum(['4', '6']).default('4') });

/** The control API of a media server, ready to be served. */
export function mediaServerApi(
  contents: readonly ServedContent[],
  starts: Starts,
  awaited: AwaitedStarts,
  clock: Clock,
  log: Log,
): FastifyInstance {
  const app = Fastify({ bodyLimit: 64 * 1024, logger: false, routerOptions: { maxParamLength: 200 } });

  app.decorateRequest('portalId', undefined);
  app.setErrorHandler((error: { statusCode?: number; message?: string }, request, reply) => {
    const { statusCode = 500, message = '' } = error;
    if (statusCode === 413) return refuseWith(reply, refuse('too-large', 'the body is larger than 64 KiB'));
    if (statusCode < 500) return refuseWith(reply, refuse('malformed', message), statusCode);
    log.error({ url: request.url, error: message }, 'a request failed');
    return refuseWith(reply, refuse('part-unreachable', 'the media server failed; tell the operator'), 500);
  });
  app.setNotFoundHandler((request, reply) =>
    refuseWith(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );
  app.addHook('onRequest', async (request, reply) => {
    const peer = peerIdentity(request.raw.socket as TLSSocket);
    if (peer?.role === 'portal') request.portalId = peer.endpointId;
    if (request.url === '/healthz' || (peer && callers.includes(peer.role))) return;
    if (peer?.role === 'gateway' && request.routeOptions.url === '/v1/awaited-starts/:id') return;
    refuseWith(reply, refuse('not-permitted', `this is for the certificates of ${callers.join(', ')} alone`));
    return reply;
  });

  app.get('/healthz', () => ({ ok: true }));

  app.get('/v1/contents', (request, reply) => {
    const query = wantedFamily.safeParse(request.query);
    if (!query.success) return refuseWith(reply, refuseInput(query.error));
    const family: Family = query.data.family === '6' ? 6 : 4;
    const views = contents.map((served) => contentView(served, family));
    return reply.send({ contents: views.filter((view): view is Content => view !== undefined) });
  });

  app.get<{ Params: { id: string } }>('/v1/contents/:id/poster', (request, reply) => {
    const { id } = request.params;
    const found = contents.find(({ content }) => content.contentId === id);
    if (!found) return refuseWith(reply, refuse('content-unknown', `there is no content ${id}`, id));
    const { contentType, bytes } = found.content.poster;
    return reply.headers({ 'content-type': contentType, 'cache-control': 'max-age=3600' }).send(bytes);
  });

  app.post('/v1/starts', async (request, reply) => {
    const body = startFor.safeParse(request.body);
    if (!body.success) return refuseWith(reply, refuseInput(body.error));
    const { portalId, ...start } = body.data;
    return answerWith(reply, await starts.start(start, request.portalId ?? portalId));
  });

  app.post('/v1/awaited-starts', async (request, reply) => {
    const body = awaitedStart.safeParse(request.body);
    if (!body.success) return refuseWith(reply, refuseInput(body.error));
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return answerWith(reply, await awaited.order(body.data, request.portalId, gone.signal));
  });

  app.post<{ Params: { id: string } }>('/v1/awaited-starts/:id', async (request, reply) => {
    const body = openingsHeld.safeParse(request.body);
    if (!body.success) return refuseWith(reply, refuseInput(body.error));
    const answer = await awaited.held(request.params.id, body.data);
    // The keys are for the appliance.
    return answer.kind === 'refused' ? refuseWith(reply, answer.refusal) : reply.send({ state: answer.value.state });
  });

  app.post('/v1/probes', async (request, reply) => {
    const body = probeRequest.safeParse(request.body);
    if (!body.success) return refuseWith(reply, refuseInput(body.error));
    return answerWith(reply, await sendProbes(contents, body.data, clock));
  });

  app.get<{ Params: { id: string } }>('/v1/starts/:id', (request, reply) =>
    answerWith(reply, starts.look(request.params.id, request.portalId)),
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/starts/:id',
    async (request: FastifyRequest<{ Params: { id: string } }>, reply) =>
      answerWith(reply, await starts.stop(request.params.id, request.portalId)),
  );

  return app;
}

function answerWith(reply: FastifyReply, answer: Answer<object>): FastifyReply {
  return answer.kind === 'refused' ? refuseWith(reply, answer.refusal) : reply.send(answer.value);
}

function refuseWith(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(refusal);
}

function refuseInput(error: z.ZodError): Refusal {
  return refuse('malformed', describeUnfit(error, 'the request'));
}
