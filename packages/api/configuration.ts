import { z } from 'zod';
import { endpoint, identifier, ipAddress, mostStreams, port, requestedStream, requestId } from './shapes.ts';

/** POST /v1/sessions: a portal asks for a content request's openings. The answer is the session, open, or a problem. */
export const sessionRequest = z.object({
  requestId,
  applianceId: identifier,
  contentId: identifier,
  /** How the portal saw the request: its own endpoint and the global endpoint it came from. */
  flow: z.object({ portal: endpoint, observed: endpoint }),
  localAddresses: z.array(ipAddress).max(8).default([]),
  streams: z.array(requestedStream).min(1).max(mostStreams),
});
export type SessionRequest = z.infer<typeof sessionRequest>;

/** One opening of a session as the API shows it. */
export const openingView = z.object({
  id: z.string(),
  streamId: z.string(),
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
  gatewayId: z.string(),
  state: z.enum(['opening', 'open', 'closing', 'closed', 'refused']),
  openings: z.array(openingView),
  createdAt: z.number(),
  until: z.number(),
  endsAt: z.number(),
  closeReason: z.string().optional(),
  refusal: z.object({ code: z.string(), message: z.string(), subject: z.string().optional() }).optional(),
  timeline: z.array(z.object({ at: z.number(), step: z.string(), detail: z.string().optional() })),
});
export type SessionView = z.infer<typeof sessionView>;

/** DELETE /v1/sessions/{sessionId}?reason= */
export const closeQuery = z.object({
  reason: z.enum(['appliance-left', 'content-ended', 'revoked', 'media-not-started']).default('revoked'),
});

/** PUT /v1/gateways/{gatewayId} */
export const gatewayRegistration = z.object({
  type: z.enum(['sluice']),
  communication: z.record(z.string().max(64), z.string().max(1024)).default({}),
});

/** A gateway as the API shows it. */
export const gatewayView = z.object({
  gatewayId: z.string(),
  type: z.string(),
  online: z.boolean(),
  global: z.array(z.string()),
  openings: z.number(),
  lastSeen: z.number().optional(),
});

/** PUT /v1/appliances/{applianceId} */
export const applianceRegistration = z.object({ gatewayId: identifier });

/** An appliance as the API shows it. */
export const applianceView = z.object({ applianceId: z.string(), gatewayId: z.string() });

/** GET /v1/status: what an operator needs at night. */
export const statusView = z.object({
  gateways: z.object({ registered: z.number(), online: z.number() }),
  sessions: z.object({ opening: z.number(), open: z.number(), closing: z.number() }),
  openings: z.number(),
  since: z.number(),
});

export { port };
