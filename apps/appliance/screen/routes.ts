import { type GatewayWord, gatewayWord, statusOf } from '@sluice/api';
import { type Refusal, refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { isOwnNavigation, refusalOf } from './guard.ts';
import type { PageFiles } from './page-files.ts';
import type { PortalPages } from './portal-pages.ts';
import type { Show } from './show.ts';
import type { Stage } from './stage.ts';

/** What a screen is made of. */
export interface ScreenParts {
  readonly pages: PortalPages;
  readonly files: PageFiles;
  readonly stage: Stage;
  /** Proves that a page is of this very start of the screen. */
  readonly token: string;
  /** `gatewayType`: what the person says that the gateway speaks. */
  show(contentId: string, gatewayType: GatewayWord | undefined): Show;
}

const showRequest = z.object({ contentId: z.string().min(1).max(128), gatewayType: gatewayWord.optional() });
const plain = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' };
/** The portal's page may look as it likes, and do nothing here. */
const portalPolicy =
  "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const playerPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const html = { ...plain, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

/** The screen's pages and what they call, ready to be served. */
export function screenRoutes({ pages, files, stage, token, show }: ScreenParts, signal: AbortSignal): FastifyInstance {
  const app = Fastify({ bodyLimit: 4096, logger: false, routerOptions: { maxParamLength: 200 } });

  app.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf({ method: request.method, headers: request.headers }, token);
    if (refusal) await send(reply, refusal);
  });
  app.setErrorHandler((error: { statusCode?: number; message?: string }, _, reply) => {
    const { statusCode = 500, message = 'the screen failed' } = error;
    return send(reply, refuse(statusCode === 413 ? 'too-large' : 'malformed', message), statusCode);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );

  app.get('/healthz', () => ({ ok: true }));

  app.get('/', async (_, reply) => {
    const answer = await pages.contents(signal);
    reply.headers({ ...html, 'content-security-policy': portalPolicy });
    if (answer.kind === 'refused') return reply.code(502).send(unreachablePage(answer.refusal));
    return reply.code(answer.value.status).send(answer.value.body);
  });

  app.get<{ Params: { id: string } }>('/posters/:id', async (request, reply) => {
    const answer = await pages.poster(request.params.id, signal);
    if (answer.kind === 'refused') return send(reply, answer.refusal);
    const { status, contentType, body } = answer.value;
    if (status !== 200 || !/^image\/(jpeg|png|webp|avif)$/.test(contentType))
      return send(reply, refuse('content-unknown', 'there is no such poster'));
    return reply.headers({ ...plain, 'content-type': contentType, 'cache-control': 'max-age=3600' }).send(body);
  });

  app.get<{ Params: { id: string } }>('/play/:id', (request, reply) =>
    reply
      .headers({ ...html, 'content-security-policy': playerPolicy })
      .send(files.player(request.params.id, token, isOwnNavigation(request.headers))),
  );

  const sendFile = (name: string, reply: FastifyReply) => {
    const file = files.file(name);
    if (!file) return send(reply, refuse('malformed', 'there is no such file'), 404);
    return reply.headers({ ...plain, 'content-type': file.contentType, 'cache-control': 'no-cache' }).send(file.text);
  };
  app.get<{ Params: { name: string } }>('/screen/:name', (request, reply) => sendFile(request.params.name, reply));
  // Where the portal's page looks for its own.
  app.get('/icon.svg', (_, reply) => sendFile('icon.svg', reply));

  app.post('/shows', (request, reply) => {
    const body = showRequest.safeParse(request.body);
    if (!body.success)
      return send(reply, refuse('malformed', 'contentId: 1 to 128 letters; gatewayType: igd, pcp, nat-pmp or unknown'));
    const opened = show(body.data.contentId, body.data.gatewayType);
    stage.open(opened);
    return reply.code(201).send({ showId: opened.showId });
  });

  app.get<{ Params: { id: string } }>('/shows/:id/news', (request, reply) => {
    const found = stage.find(request.params.id);
    if (!found) return send(reply, refuse('session-unknown', 'it is over'));
    reply.hijack();
    reply.raw.writeHead(200, { ...plain, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const stop = found.news.read(({ event, data }) =>
      reply.raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    );
    reply.raw.on('close', stop);
    return reply;
  });

  app.get<{ Params: { id: string } }>('/shows/:id/media', (request, reply) => {
    const media = stage.find(request.params.id)?.takeMedia();
    if (!media) return send(reply, refuse('session-unknown', 'it is over, or somebody watches it already'));
    return reply.headers({ ...plain, 'content-type': 'video/mp4', 'cache-control': 'no-store' }).send(media);
  });

  app.get<{ Params: { id: string } }>('/shows/:id/file', (request, reply) => {
    const file = stage.find(request.params.id)?.file;
    if (!file) return send(reply, refuse('session-unknown', 'it is over, or nothing of it can be shown'));
    // Opened by itself it runs nothing either.
    const policy = { 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'no-store' };
    return reply.headers({ ...plain, ...policy, 'content-type': file.contentType }).send(file.bytes);
  });

  app.post<{ Params: { id: string } }>('/shows/:id/leave', async (request, reply) => {
    await stage.find(request.params.id)?.leave();
    return reply.send({ left: true });
  });

  return app;
}

function send(reply: FastifyReply, refusal: Refusal, status = statusOf(refusal.code)): FastifyReply {
  return reply.code(status).headers(plain).type('application/json; charset=utf-8').send(refusal);
}

function unreachablePage({ message, code }: Refusal): string {
  const text = message.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sluice: no portal</title>
<style>:root{color-scheme:light dark}body{font:18px/1.6 system-ui,sans-serif;max-width:34em;margin:18vh auto;padding:0 1.5rem}code{opacity:.7}</style>
<h1>The portal does not answer</h1><p>${text}.</p><p><code>${code}</code></p><p><a href="/">Try again</a></p></html>`;
}
