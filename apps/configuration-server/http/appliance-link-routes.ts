import { eventText, heartbeat, heartbeatMs, linkAnnouncement, linkDoubt, linkWelcome, problem } from '@sluice/api';
import type { Clock } from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ApplianceLinks } from '../by-appliance/links.ts';
import { refuseTo } from './refuse-to.ts';

const portals = { roles: ['portal'] } as const;
const byLink = z.object({ link: linkWelcome.shape.link });
const answer = z.looseObject({ id: z.number().int().positive() });

/** What the routes of appliances' connections lead to. */
export interface LinkRoutePorts {
  readonly links: ApplianceLinks;
  readonly clock: Clock;
  readonly lifetime: AbortSignal;
}

/** Connections of appliances that speak to their own gateways, as portals carry them: one stream down for each portal. */
export function applianceLinkRoutes(app: FastifyInstance, { links, clock, lifetime }: LinkRoutePorts): void {
  app.get(
    '/v1/appliance-links/stream',
    {
      config: portals,
      schema: { summary: 'Questions to the appliances that a portal carries, and to itself (server-sent events)' },
    },
    async (request, reply) => {
      const { raw } = reply.hijack();
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      let cancel = () => {};
      const beat = () => {
        cancel = clock.after(heartbeatMs, () => {
          raw.write(heartbeat);
          beat();
        });
      };
      const stream = links.openStream(request.caller.endpointId, (event) => raw.write(eventText(event)));
      beat();
      const end = () => raw.end();
      lifetime.addEventListener('abort', end, { once: true });
      if (lifetime.aborted) end();
      raw.once('close', () => {
        lifetime.removeEventListener('abort', end);
        cancel();
        stream[Symbol.dispose]();
      });
    },
  );

  app.post(
    '/v1/appliance-links',
    {
      config: portals,
      schema: {
        summary: 'An appliance has come to a portal',
        body: linkAnnouncement,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const body = request.body as z.infer<typeof linkAnnouncement>;
      const refusal = links.announce(request.caller.endpointId, body);
      return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
    },
  );

  app.delete(
    '/v1/appliance-links/:link',
    {
      config: portals,
      schema: { summary: 'An appliance has left', params: byLink, response: { 204: z.null(), '4xx': problem } },
    },
    async (request, reply) => {
      const refusal = links.leave(request.caller.endpointId, (request.params as z.infer<typeof byLink>).link);
      return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
    },
  );

  app.post(
    '/v1/appliance-links/:link/doubts',
    {
      config: portals,
      schema: {
        summary: 'An appliance tells that its gateway may not hold what it held',
        params: byLink,
        body: linkDoubt,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const { link } = request.params as z.infer<typeof byLink>;
      const { why } = request.body as z.infer<typeof linkDoubt>;
      const refusal = links.doubted(request.caller.endpointId, link, why);
      return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
    },
  );

  for (const from of ['answers', 'results'] as const) {
    app.post(
      `/v1/appliance-links/:link/${from}`,
      {
        config: portals,
        schema: {
          summary: from === 'answers' ? "An appliance's answer" : 'What became of an order to the portal',
          params: byLink,
          body: answer,
          response: { 204: z.null(), '4xx': problem },
        },
      },
      async (request, reply) => {
        const body = request.body as z.infer<typeof answer>;
        const { link } = request.params as z.infer<typeof byLink>;
        const refusal = links.answered(request.caller.endpointId, link, from, body.id, body);
        return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
      },
    );
  }
}
