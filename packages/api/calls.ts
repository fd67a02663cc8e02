import { z } from 'zod';
import { callRequest } from './configuration.ts';
import { holdingMembers } from './holding.ts';
import { consentToken, endpoint, identifier, ipAddress, requestId } from './shapes.ts';

/**
 * POST /v1/calls on a portal: an appliance wants to speak to another, which names it and the same call. Answered when both
 * have asked and their homes are open for each other.
 */
export const meetingBody = z.object({
  requestId,
  /** What the two agreed to call it. */
  callId: identifier,
  /** The other appliance. */
  with: identifier,
  localAddresses: z.array(ipAddress).max(8).default([]),
  /** As in a content request. */
  socket: endpoint.optional(),
  /** The device's own ends; both parties name the same streams. */
  streams: callRequest.shape.caller.shape.streams,
  consent: consentToken.optional(),
});
export type MeetingBody = z.infer<typeof meetingBody>;

/** Both parties are there. */
export const meetingAnswer = z.object({
  callId: z.string(),
  /** `direct`: in one home, at each other's local addresses, with no opening. `gateways`: through both homes' gateways. */
  way: z.enum(['direct', 'gateways']),
  /** What the call is ended by, where gateways were opened for it. */
  sessionId: z.string().optional(),
  streams: z.array(
    z.object({
      id: z.string(),
      streamType: z.string(),
      /** Where the other party is sent to, and the only place that anything comes from. */
      remote: endpoint,
      /** Where the other party sends to. */
      global: endpoint,
      local: endpoint,
      pairedWith: z.string().optional(),
    }),
  ),
  ...holdingMembers,
  /** `both-there`, `homes-open`: milliseconds since the portal had this party's request. */
  steps: z.array(z.object({ step: z.string(), ms: z.number() })),
});
export type MeetingAnswer = z.infer<typeof meetingAnswer>;

/** An event of GET /v1/calls/{sessionId}/events: how the call ended. The call is kept for as long as both parties listen. */
export const callEnded = z.object({ ended: z.string() });
