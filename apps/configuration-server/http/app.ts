import swagger from '@fastify/swagger';
import type { Log } from '@sluice/io';
import { refuse } from '@sluice/model';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { operatorLines } from '../accounting/operator-lines.ts';
import { type Access, everyone } from './access.ts';
import { applianceLinkRoutes } from './appliance-link-routes.ts';
import { callRoutes } from './call-routes.ts';
import type { Caller, CallerReader } from './caller.ts';
import { refuseInput } from './input.ts';
import { operatorRoutes } from './operator-routes.ts';
import { portalRoutes } from './portal-routes.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';
import { registrationRoutes } from './registration-routes.ts';
import { asJsonSchema, UnfitInput, useZod } from './schemas.ts';
import { sessionRoutes } from './session-routes.ts';
import { standingRoutes } from './standing-routes.ts';
import { statusRoutes } from './status-routes.ts';

declare module 'fastify' {
  interface FastifyContextConfig extends Partial<Access> {}
  interface FastifyRequest {
    caller: Caller;
  }
}

/** The HTTP API, ready to be served to those whom `readCaller` knows; `more` adds routes. */
export async function configurationApi(
  ports: ApiPorts,
  readCaller: CallerReader,
  more: (app: FastifyInstance) => void = () => {},
): Promise<FastifyInstance> {
  const { log, bodyBytes } = ports;
  const app = Fastify({
    bodyLimit: bodyBytes,
    logger: false,
    routerOptions: { maxParamLength: 200 },
    // Paths that the router cannot take never reach the error handler.
    frameworkErrors: (error, _request, reply) => refuseTo(reply, refuse('malformed', error.message), 400),
  });
  useZod(app);
  app.decorateRequest('caller');

  app.addHook('onRequest', async (request, reply) => {
    const { roles = [], certificate, open } = request.routeOptions.config;
    if (open) return;
    const caller = await readCaller(request.raw);
    if ('code' in caller) return refuseTo(reply, caller);
    request.caller = caller;
    if (request.is404) return;
    if (!roles.includes(caller.role)) {
      const what = `${caller.endpointId} has the role ${caller.role}; this is for ${roles.join(', ')}`;
      return refuseTo(reply, refuse('not-permitted', what));
    }
    if (certificate && !caller.certified)
      return refuseTo(reply, refuse('not-permitted', 'this is for whoever shows a certificate'));
  });
  operatorLines(app, ports);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.roles) throw new TypeError(`${method} ${url} does not say who may call it`);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) =>
    answerError(error, request, reply, log),
  );
  app.setNotFoundHandler((request, reply) =>
    refuseTo(reply, refuse('malformed', `there is no ${request.method} ${request.url.slice(0, 80)}`), 404),
  );

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluice configuration server',
        version: '1',
        description:
          'Content sessions, and the registration database. Every call is over mutual TLS, or shows a token where people sign in.',
      },
    },
    transform: ({ schema, url }) => ({ schema: asJsonSchema(schema ?? {}), url }),
  });
  await app.register(async (routes) => {
    sessionRoutes(routes, ports);
    callRoutes(routes, ports);
    registrationRoutes(routes, ports);
    standingRoutes(routes, ports);
    statusRoutes(routes, ports);
    portalRoutes(routes, ports);
    applianceLinkRoutes(routes, ports);
    operatorRoutes(routes, ports);
    more(routes);
    routes.get('/openapi.json', { config: everyone, schema: { hide: true } }, () => app.swagger());
  });
  await app.ready();
  return app;
}

function answerError(
  error: Error & { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  if (error instanceof UnfitInput) return refuseTo(reply, refuseInput(error.issues, error.input));
  const { statusCode = 500, message } = error;
  if (statusCode === 413) return refuseTo(reply, refuse('too-large', message));
  if (statusCode < 500) return refuseTo(reply, refuse('malformed', message), statusCode);
  log.error({ method: request.method, url: request.url, error: message }, 'a request failed');
  return refuseTo(reply, refuse('part-unreachable', 'the configuration server failed; nothing stays open'), 500);
}
