import { z } from 'zod';
import { evidence, tellableType } from './discovery.ts';
import { holdingMembers } from './holding.ts';
import { startAnswer } from './media.ts';
import {
  checkPorts,
  consentToken,
  endpoint,
  identifier,
  ipAddress,
  mostStreams,
  port,
  receiver,
  requestedStream,
  requestId,
} from './shapes.ts';
import { startOrder } from './start-order.ts';

/** POST /v1/sessions: a portal asks for a content request's openings. The answer is the session, open, or a problem. */
export const sessionRequest = z.object({
  requestId,
  applianceId: identifier,
  contentId: identifier,
  /** How the portal saw the request: its own endpoint and the global endpoint it came from; and the device's own end, as it says. */
  flow: z.object({
    transport: z.enum(['tcp', 'udp']).optional(),
    portal: endpoint,
    observed: endpoint,
    sent: endpoint.optional(),
  }),
  localAddresses: z.array(ipAddress).max(8).default([]),
  streams: z.array(requestedStream.superRefine(checkPorts)).min(1).max(mostStreams),
  consent: consentToken.optional(),
  /** Another program of the device receives: nothing is sent to its ports but the content. */
  receiver,
  /** What the person says that the gateway speaks. */
  gatewayType: tellableType.optional(),
  /** Left out, the portal tells the media server itself. */
  start: startOrder.optional(),
});
export type SessionRequest = z.infer<typeof sessionRequest>;

/** One party of a call: its device, where its signalling came from, and its ends of the streams. */
const callParty = sessionRequest.pick({ applianceId: true, flow: true, localAddresses: true, consent: true }).extend({
  streams: z
    .array(requestedStream.omit({ remote: true }).extend({ localPort: port }))
    .min(1)
    .max(mostStreams),
});

/** Global ports by stream id. */
const portsByStream = z.record(z.string().max(32), port);

/** Global ports of a call that the parties were told of already. */
export const callPorts = z.object({ caller: portsByStream, callee: portsByStream });

/** POST /v1/calls: a portal asks for both homes of a call to be opened for each other. The answer is the session, open, or a problem. */
export const callRequest = z.object({
  requestId,
  contentId: identifier,
  caller: callParty,
  callee: callParty,
  ports: callPorts.optional(),
});
export type CallBody = z.infer<typeof callRequest>;

/** POST /v1/calls/proposals: which way a call will go, and on which global ports. Opens nothing. */
export const callProposalRequest = z.object({
  caller: callParty,
  callee: callParty.omit({ streams: true }),
});
export type CallProposalRequest = z.infer<typeof callProposalRequest>;

/** `direct`: both parties are in one home. `gateways`: where each will be reached, and on which ports it is not its own to say. */
export const callProposal = z.discriminatedUnion('way', [
  z.object({ way: z.literal('direct') }),
  z.object({
    way: z.literal('gateways'),
    addresses: z.object({ caller: z.string(), callee: z.string() }),
    ports: callPorts,
  }),
]);
export type CallProposal = z.infer<typeof callProposal>;

/** One opening of a session as the API shows it. */
export const openingView = z.object({
  id: z.string(),
  streamId: z.string(),
  /** Which of the session's hops holds it; left out, the first. */
  hop: z.number().optional(),
  streamType: z.string(),
  remote: z.object({ address: z.string(), port: z.number().optional() }),
  global: z.object({ address: z.string(), port: z.number() }),
  local: z.object({ address: z.string(), port: z.number() }),
  packets: z.number().optional(),
  bytes: z.number().optional(),
});

/** A session as the API shows it. Instants are milliseconds since 1970. */
export const sessionView = z.object({
  sessionId: z.string(),
  requestId: z.string(),
  applianceId: z.string(),
  contentId: z.string(),
  portalId: z.string(),
  /** The gateway that its appliance is behind. */
  gatewayId: z.string(),
  /** Every gateway on its path, outward from the appliance, then those of a call's other party; left out, that one. */
  hops: z.array(z.object({ gatewayId: z.string(), side: z.literal('peer').optional() })).optional(),
  /** Whom a call is to. */
  peer: z.object({ applianceId: z.string() }).optional(),
  state: z.enum(['opening', 'open', 'closing', 'closed', 'refused']),
  openings: z.array(openingView),
  createdAt: z.number(),
  until: z.number(),
  endsAt: z.number(),
  closeReason: z.string().optional(),
  refusal: z.object({ code: z.string(), message: z.string(), subject: z.string().optional() }).optional(),
  ...holdingMembers,
  timeline: z.array(z.object({ at: z.number(), step: z.string(), detail: z.string().optional() })),
});
export type SessionView = z.infer<typeof sessionView>;

/** The answer of POST /v1/sessions. */
export const openedSession = sessionView.extend({
  /** The media server's own answer, where it was told to start; with the keys, which stand nowhere else. */
  started: startAnswer.optional(),
});
export type OpenedSession = z.infer<typeof openedSession>;

/** The ends of a session's streams in the appliance's home: where its server sends to, and where that arrives. By stream id. */
export function streamEnds({
  hops = [],
  openings,
}: Pick<SessionView, 'hops' | 'openings'>): ReadonlyMap<
  string,
  Pick<SessionView['openings'][number], 'global' | 'local'>
> {
  const outermost = Math.max(
    0,
    hops.findLastIndex(({ side }) => side === undefined),
  );
  const outer = openings.filter(({ hop = 0 }) => hop === outermost);
  return new Map(
    openings
      .filter(({ hop = 0 }) => hop === 0)
      .flatMap(({ streamId, local }) => {
        const global = outer.find((opening) => opening.streamId === streamId)?.global;
        return global ? [[streamId, { global, local }] as const] : [];
      }),
  );
}

/** How far a list goes: at most `limit` of what comes after the id `after`. */
const page = z.object({
  after: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** GET /v1/sessions?state=&gatewayId=&applianceId=&after=&limit=; `state` may be given several times. */
export const sessionQuery = page.extend({
  state: z
    .union([sessionView.shape.state, z.array(sessionView.shape.state).max(5)])
    .optional()
    .transform((state) => (typeof state === 'string' ? [state] : state)),
  gatewayId: identifier.optional(),
  applianceId: identifier.optional(),
});

/** Sessions by id, ended ones too. */
export const sessionList = z.object({ sessions: z.array(sessionView) });

/** DELETE /v1/sessions/{sessionId}?reason= */
export const closeQuery = z.object({
  reason: z.enum(['appliance-left', 'content-ended', 'revoked', 'media-not-started']).default('revoked'),
});

/** A gateway as the API shows it. */
export const gatewayView = z.object({
  gatewayId: z.string(),
  type: z.string(),
  /** How it is spoken to; what is a secret shows as `***`. */
  communication: z.record(z.string(), z.string()),
  /** The gateway that it is itself behind: the next hop outward. */
  behind: z.string().optional(),
  /** The home that it is one way into, and global addresses of that home. */
  home: z.object({ homeId: z.string(), at: z.array(z.string()) }).optional(),
  online: z.boolean(),
  global: z.array(z.string()),
  openings: z.number(),
  lastSeen: z.number().optional(),
  /** Why it is believed; left out, an operator registered it. */
  evidence: evidence.optional(),
});
export type GatewayView = z.infer<typeof gatewayView>;

/** GET /v1/gateways?after=&limit= and GET /v1/appliances?after=&limit= */
export const registrationQuery = page;

/** Gateways by id. */
export const gatewayList = z.object({ gateways: z.array(gatewayView) });

/** PUT /v1/appliances/{applianceId}. `homeId`: the home that it is in, whichever of its ways is the one to use. */
export const applianceRegistration = z.union([
  z.strictObject({ gatewayId: identifier }),
  z.strictObject({ homeId: identifier }),
]);
export type ApplianceRegistration = z.infer<typeof applianceRegistration>;

/** An appliance as the API shows it. */
export const applianceView = z.object({
  applianceId: z.string(),
  gatewayId: z.string(),
  /** The home that it is in, where that has several ways in. */
  homeId: z.string().optional(),
  /** Why it is believed to be behind that gateway; left out, an operator registered it, or its requests' address did. */
  evidence: evidence.optional(),
});
export type ApplianceView = z.infer<typeof applianceView>;

/** Appliances by id. */
export const applianceList = z.object({ appliances: z.array(applianceView) });

/** GET /v1/openings?gatewayId=&globalAddress=&globalPort=&after=&limit= */
export const openingQuery = page.extend({
  gatewayId: identifier.optional(),
  globalAddress: ipAddress.optional(),
  globalPort: z.coerce.number().int().min(1).max(65_535).optional(),
});

/** Openings of open and closing sessions, by opening id. */
export const openingList = z.object({
  openings: z.array(
    z.object({
      openingId: z.string(),
      sessionId: z.string(),
      gatewayId: z.string(),
      streamType: z.string(),
      global: z.object({ address: z.string(), port: z.number() }),
      local: z.object({ address: z.string(), port: z.number() }),
    }),
  ),
});

/** GET /v1/status: what an operator needs at night. */
export const statusView = z.object({
  gateways: z.object({ registered: z.number(), online: z.number() }),
  sessions: z.object({ opening: z.number(), open: z.number(), closing: z.number() }),
  openings: z.number(),
  since: z.number(),
  /** Where the audit log has come to (to be noted elsewhere), and how it is doing. */
  audit: z
    .object({
      seq: z.number(),
      hash: z.string(),
      /** Lines that wait to be written, and that could not be kept. */
      waiting: z.number(),
      lost: z.number(),
      failures: z.number(),
      /** Why it cannot be written at present. */
      failing: z.string().optional(),
    })
    .optional(),
});

export { port };
