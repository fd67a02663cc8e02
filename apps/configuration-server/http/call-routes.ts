import {
  type CallBody,
  type CallProposalRequest,
  callProposal,
  callProposalRequest,
  callRequest,
  problem,
  sessionView,
} from '@sluice/api';
import { type CallParty, type ContentRequest, type Refusal, refuse } from '@sluice/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { askers } from './access.ts';
import { flowOf, streamOf } from './asked.ts';
import type { ApiPorts } from './ports.ts';
import { refuseTo } from './refuse-to.ts';
import { whileWaiting } from './session-routes.ts';
import { viewOf } from './views.ts';

type Party = CallBody['caller'];

/** Calls between two homes: asked for by portals, and closed like any session. */
export function callRoutes(app: FastifyInstance, { control, contacts, limits, unregisteredPortals }: ApiPorts): void {
  app.post(
    '/v1/calls/proposals',
    {
      config: askers,
      schema: {
        summary: 'Where the parties of a call will be reached; opens nothing',
        body: callProposalRequest,
        response: { 200: callProposal, '4xx': problem, '5xx': problem },
      },
    },
    async (request, reply) => {
      const { caller, callee } = request.body as CallProposalRequest;
      const barred = await unknownPortal(request);
      if (barred) return refuseTo(reply, barred);
      await meet(caller, callee);
      const proposal = await control.proposeCall(partyOf(caller), partyOf({ ...callee, streams: [] }));
      return 'code' in proposal ? refuseTo(reply, proposal) : reply.send(proposal);
    },
  );

  app.post(
    '/v1/calls',
    {
      config: askers,
      schema: {
        summary: 'Open both homes of a call for each other: every stream of both, or none',
        body: callRequest,
        response: { 201: sessionView, '4xx': problem, '5xx': problem },
      },
    },
    async (request, reply) => {
      const { requestId, contentId, caller, callee, ports } = request.body as CallBody;
      const barred = await unknownPortal(request);
      if (!barred) await meet(caller, callee);
      const call = {
        ...{ requestId, contentId, portalId: request.caller.endpointId },
        ...{ caller: partyOf(caller), callee: partyOf(callee) },
        ...(ports && { ports }),
      };
      const admit = (asking: ContentRequest, gatewayId?: string) => barred ?? limits.admit(asking, gatewayId);
      const verdict = await control.openCall(call, whileWaiting(reply), admit);
      return verdict.kind === 'granted'
        ? reply.code(201).send(viewOf(verdict.session))
        : refuseTo(reply, verdict.refusal);
    },
  );

  async function meet(...parties: readonly Pick<Party, 'applianceId' | 'flow'>[]): Promise<void> {
    for (const { applianceId, flow } of parties) await contacts.contact(applianceId, flow.observed.address);
  }

  /** What a call opens is for its other party: a portal needs no media servers for it, but must be one of ours. */
  async function unknownPortal({ caller }: FastifyRequest): Promise<Refusal | undefined> {
    if (caller.role !== 'portal' || unregisteredPortals === 'permitted') return undefined;
    if (await control.registrations.portal(caller.endpointId)) return undefined;
    return refuse('portal-unknown', `the portal ${caller.endpointId} is not registered; register it first`);
  }
}

function partyOf({ applianceId, flow, localAddresses, consent, streams }: Party): CallParty {
  return {
    applianceId,
    flow: flowOf(flow),
    localAddresses,
    ...(consent !== undefined && { consent }),
    streams: streams.map(streamOf),
  };
}
