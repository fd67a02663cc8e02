import {
  type ApplianceRegistration,
  applianceList,
  applianceRegistration,
  applianceView,
  evidenceView,
  type GatewayRegistration,
  gatewayList,
  gatewayRegistration,
  gatewayView,
  identifier,
  problem,
  registrationQuery,
} from '@sluice/api';
import {
  type Gateway,
  hidden,
  hideSecrets,
  isSecretMember,
  parsePrefix,
  type Refusal,
  type Registration,
  refuse,
} from '@sluice/model';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { operators, readers } from './access.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';

const byGateway = z.object({ gatewayId: identifier });
const byAppliance = z.object({ applianceId: identifier });

/** The registration database: gateways, and the appliances behind them. */
export function registrationRoutes(app: FastifyInstance, { control, homes }: ApiPorts): void {
  const { registrations } = control;

  app.put(
    '/v1/gateways/:gatewayId',
    {
      config: operators,
      schema: {
        summary: 'Register a gateway, or change how it is spoken to',
        params: byGateway,
        body: gatewayRegistration,
        response: { 200: gatewayView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { gatewayId } = request.params as z.infer<typeof byGateway>;
      const { type, communication, behind, home } = request.body as GatewayRegistration;
      const gateway: Gateway = {
        gatewayId,
        type,
        communication: communication as Gateway['communication'],
        ...(behind !== undefined && { behind }),
        ...(home && { home: { ...home, at: home.at.flatMap((text) => parsePrefix(text) ?? []) } }),
      };
      const masked = Object.entries(gateway.communication).find(([, value]) => value === hidden)?.[0];
      // Kept over a change of the address, a secret would be sent wherever the new one leads.
      if (masked !== undefined && isSecretMember(type, masked))
        return refuseTo(reply, refuse('malformed', `communication.${masked}: give the secret itself again`));
      const refusal = await registrations.putGateway(gateway);
      return refusal ? refuseTo(reply, refusal) : show(gateway);
    },
  );

  app.get(
    '/v1/gateways/:gatewayId',
    {
      config: readers,
      schema: { summary: 'A gateway', params: byGateway, response: { 200: gatewayView, '4xx': problem } },
    },
    async (request, reply) => {
      const { gatewayId } = request.params as z.infer<typeof byGateway>;
      const gateway = await registrations.gateway(gatewayId);
      if (gateway) return show(gateway);
      return refuseTo(reply, refuse('gateway-unknown', `the gateway ${gatewayId} is not registered`));
    },
  );

  app.delete(
    '/v1/gateways/:gatewayId',
    {
      config: operators,
      schema: {
        summary: 'Remove a gateway that no appliance is behind',
        params: byGateway,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const refusal = await registrations.forgetGateway((request.params as z.infer<typeof byGateway>).gatewayId);
      return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
    },
  );

  app.get(
    '/v1/gateways',
    {
      config: readers,
      schema: { summary: 'List gateways', querystring: registrationQuery, response: { 200: gatewayList } },
    },
    async (request) => ({ gateways: (await registrations.gateways(pageOf(request.query))).map(show) }),
  );

  app.put(
    '/v1/appliances/:applianceId',
    {
      config: operators,
      schema: {
        summary: 'Register an appliance behind a gateway, or in a home with several ways in, or move it',
        params: byAppliance,
        body: applianceRegistration,
        response: { 200: applianceView, '4xx': problem },
      },
    },
    async (request, reply) => {
      const { applianceId } = request.params as z.infer<typeof byAppliance>;
      const body = request.body as ApplianceRegistration;
      const registration = 'homeId' in body ? await inHome(applianceId, body.homeId) : { applianceId, ...body };
      if ('code' in registration) return refuseTo(reply, registration);
      const refusal = await registrations.putAppliance(registration);
      return refusal ? refuseTo(reply, refusal) : reply.send(applianceOf(registration));
    },
  );

  app.get(
    '/v1/appliances/:applianceId',
    {
      config: readers,
      schema: { summary: 'An appliance', params: byAppliance, response: { 200: applianceView, '4xx': problem } },
    },
    async (request, reply) => {
      const { applianceId } = request.params as z.infer<typeof byAppliance>;
      const found = await registrations.appliance(applianceId);
      if (found) return applianceOf(found);
      return refuseTo(reply, refuse('appliance-unknown', `the appliance ${applianceId} is not registered`));
    },
  );

  app.delete(
    '/v1/appliances/:applianceId',
    {
      config: operators,
      schema: {
        summary: 'Remove an appliance; its sessions live on',
        params: byAppliance,
        response: { 204: z.null(), '4xx': problem },
      },
    },
    async (request, reply) => {
      const refusal = await registrations.forgetAppliance((request.params as z.infer<typeof byAppliance>).applianceId);
      return refusal ? refuseTo(reply, refusal) : reply.code(204).send();
    },
  );

  app.get(
    '/v1/appliances',
    {
      config: readers,
      schema: { summary: 'List appliances', querystring: registrationQuery, response: { 200: applianceList } },
    },
    async (request) => ({ appliances: (await registrations.appliances(pageOf(request.query))).map(applianceOf) }),
  );

  /** Until its first request tells which of the ways is the one to use, the first is. */
  async function inHome(applianceId: string, homeId: string): Promise<Registration | Refusal> {
    const [first] = (await homes.of(homeId))?.ways ?? [];
    if (first) return { applianceId, gatewayId: first.gatewayId, homeId };
    return refuse('gateway-unknown', `no gateway is registered as a way into the home ${homeId}; register one first`);
  }

  function show({ gatewayId, type, communication, evidence, behind, home }: Gateway): z.infer<typeof gatewayView> {
    const { online, addresses, openings, lastSeen } = control.gatewayStatus(gatewayId);
    return {
      gatewayId,
      type,
      communication: { ...hideSecrets(type, communication) },
      ...(behind !== undefined && { behind }),
      ...(home && { home: { ...home, at: home.at.map(({ address, length }) => `${address}/${length}`) } }),
      online,
      global: [...(addresses?.global ?? [])],
      openings,
      ...(lastSeen !== undefined && { lastSeen }),
      ...(evidence && { evidence: evidenceView(evidence) }),
    };
  }
}

function applianceOf({ evidence, ...registration }: Registration): z.infer<typeof applianceView> {
  return { ...registration, ...(evidence && { evidence: evidenceView(evidence) }) };
}

function pageOf(query: unknown): { limit: number; after?: string } {
  const { after, limit } = query as z.infer<typeof registrationQuery>;
  return { limit, ...(after !== undefined && { after }) };
}
