import { openingList, openingQuery, statusView } from '@sluice/api';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { everyone, readers } from './access.ts';
import type { ApiPorts } from './ports.ts';

/** What an operator needs at night. */
export function statusRoutes(app: FastifyInstance, { control, audit, clock }: ApiPorts): void {
  const since = clock.now();

  app.get(
    '/healthz',
    {
      config: everyone,
      schema: { summary: 'Whether this serves', response: { 200: z.object({ ok: z.literal(true) }) } },
    },
    async () => {
      // A database that cannot be read is no health.
      await control.status();
      return { ok: true };
    },
  );

  app.get(
    '/v1/status',
    { config: readers, schema: { summary: 'How much there is', response: { 200: statusView } } },
    async () => {
      const { gateways, sessions, openings, online } = await control.status();
      const { opening, open, closing } = sessions;
      return {
        gateways: { registered: gateways, online },
        sessions: { opening, open, closing },
        openings,
        since,
        audit: audit.state,
      };
    },
  );

  app.get(
    '/v1/openings',
    {
      config: readers,
      schema: {
        summary: 'What is open, and for which session: by gateway, by global address and port',
        querystring: openingQuery,
        response: { 200: openingList },
      },
    },
    async (request) => {
      const { after, limit, gatewayId, globalAddress, globalPort } = request.query as z.infer<typeof openingQuery>;
      const openings = await control.openings({
        limit,
        ...(after !== undefined && { after }),
        ...(gatewayId !== undefined && { gatewayId }),
        ...(globalAddress !== undefined && { globalAddress }),
        ...(globalPort !== undefined && { globalPort }),
      });
      return { openings };
    },
  );
}
