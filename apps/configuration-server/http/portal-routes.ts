import { byPortal, portalList, portalRegistration, portalView, problem, registrationQuery } from '@sluice/api';
import { type PortalRegistration, parsePrefix, refuse } from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { operators, readers } from './access.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';

/** Portals, and the addresses of their own media servers. */
export function portalRoutes(app: FastifyInstance, { control }: ApiPorts): void {
  const { registrations } = control;

  app.put(
    '/v1/portals/:portalId',
    {
      config: operators,
      schema: {
        summary: 'Register a portal with the addresses of its media servers, or change them',
        params: byPortal,
        body: portalRegistration,
        response: { 200: portalView, '4xx': problem },
      },
    },
    async (request) => {
      const { portalId } = request.params as z.infer<typeof byPortal>;
      const { remotes } = request.body as z.infer<typeof portalRegistration>;
      const portal = { portalId, remotes: remotes.flatMap((text) => parsePrefix(text) ?? []) };
      await registrations.putPortal(portal);
      return show(portal);
    },
  );

  app.get(
    '/v1/portals/:portalId',
    {
      config: readers,
      schema: { summary: 'A portal', params: byPortal, response: { 200: portalView, '4xx': problem } },
    },
    async (request, reply) => {
      const { portalId } = request.params as z.infer<typeof byPortal>;
      const portal = await registrations.portal(portalId);
      return portal ? show(portal) : refuseTo(reply, unknown(portalId));
    },
  );

  app.delete(
    '/v1/portals/:portalId',
    {
      config: operators,
      schema: {
        summary: 'Remove a portal: it asks for nothing any more; its sessions live on',
        params: byPortal,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const { portalId } = request.params as z.infer<typeof byPortal>;
      return (await registrations.forgetPortal(portalId)) ? reply.code(204).send() : refuseTo(reply, unknown(portalId));
    },
  );

  app.get(
    '/v1/portals',
    {
      config: readers,
      schema: { summary: 'List portals', querystring: registrationQuery, response: { 200: portalList } },
    },
    async (request) => {
      const { after, limit } = request.query as z.infer<typeof registrationQuery>;
      const page = { limit, ...(after !== undefined && { after }) };
      return { portals: (await registrations.portals(page)).map(show) };
    },
  );
}

function show({ portalId, remotes }: PortalRegistration): z.infer<typeof portalView> {
  return { portalId, remotes: remotes.map(({ address, length }) => `${address}/${length}`) };
}

function unknown(portalId: string) {
  return refuse('portal-unknown', `the portal ${portalId} is not registered`);
}
