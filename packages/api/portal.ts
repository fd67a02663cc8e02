import { z } from 'zod';
import { gatewayWord } from './discovery.ts';
import { holdingMembers } from './holding.ts';
import { startView } from './media.ts';
import { mediaKeys, offeredSuites, streamProtection } from './protection.ts';
import { consentToken, endpoint, identifier, ipAddress, port, receiver, requestId } from './shapes.ts';

/** POST /v1/requests on a portal: an appliance asks for a content, over mutual TLS; its certificate names it. */
export const contentRequestBody = z.object({
  requestId,
  contentId: identifier,
  /** None, one or several; with none the gateway finds the device from the request's flow. */
  localAddresses: z.array(ipAddress).max(8).default([]),
  /**
   * The device's own end of its connection to the portal: where a carrier's translation hides the gateway's, the gateway
   * knows the device by it.
   */
  socket: endpoint.optional(),
  /** Local port for each stream of the content, by stream id; may be left out where the content's stream names one. */
  localPorts: z.record(z.string(), port).default({}),
  /**
   * Who sends the first packet of each stream, by id; `server` where left out. For `appliance` the portal's answer is
   * the word to speak: the openings hold and the media server listens.
   */
  firstSpeaker: z.record(z.string(), z.enum(['server', 'appliance'])).default({}),
  /** What the appliance takes SRTP with; none: it cannot, and RTP is to come in the clear. */
  srtp: offeredSuites,
  /**
   * What the person says that the gateway speaks; heeded where it is not known, and nothing else tells. `unknown`: they do
   * not know, and are not asked again.
   */
  gatewayType: gatewayWord.optional(),
  /** The appliance's signature over this request, for its gateway. */
  consent: consentToken.optional(),
  /** Another program of the device receives, at ports of its own; left out, the appliance itself. */
  receiver,
});
export type ContentRequestBody = z.infer<typeof contentRequestBody>;

/** The verdict: every opening holds, and the media server sends or waits for the appliance's first packet. */
export const contentAnswer = z.object({
  sessionId: z.string(),
  contentId: z.string(),
  /** Milliseconds since 1970. */
  until: z.number(),
  streams: z.array(
    z.object({
      id: z.string(),
      streamType: z.string(),
      remote: endpoint,
      global: endpoint,
      local: endpoint,
      payloadType: z.number().optional(),
      pairedWith: z.string().optional(),
      ...streamProtection.partial({ protection: true }).shape,
    }),
  ),
  /** For the streams whose protection is `srtp`; of no stream that is in the clear. */
  keys: mediaKeys,
  sdp: z.string().optional(),
  ...holdingMembers,
  /** `request`, `gateway-configured`, `media-started`: milliseconds since the portal had the request. */
  steps: z.array(z.object({ step: z.string(), ms: z.number() })),
});
export type ContentAnswer = z.infer<typeof contentAnswer>;

/** GET /v1/seen on a portal: the global address and port that the question came from. */
export const seenView = z.object({ observed: endpoint });

/** GET and DELETE /v1/requests/{sessionId} on a portal: how an appliance's session stands, or ended. */
export const requestView = z.object({
  sessionId: z.string(),
  contentId: z.string(),
  state: z.enum(['opening', 'open', 'closing', 'closed', 'refused']),
  closeReason: z.string().optional(),
  /** Milliseconds since 1970. */
  until: z.number(),
  /** What the media server sent; absent where it knows nothing of the session any more. */
  media: startView.optional(),
});
export type RequestView = z.infer<typeof requestView>;
