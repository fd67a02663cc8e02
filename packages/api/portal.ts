import { z } from 'zod';
import { endpoint, identifier, ipAddress, port, requestId } from './shapes.ts';

/** POST /v1/requests on a portal: an appliance asks for a content, over mutual TLS; its certificate names it. */
export const contentRequestBody = z.object({
  requestId,
  contentId: identifier,
  /** None, one or several; with none the gateway finds the device from the request's flow. */
  localAddresses: z.array(ipAddress).max(8).default([]),
  /** Local port for each stream of the content, by stream id. */
  localPorts: z.record(z.string(), port),
  firstSpeaker: z.record(z.string(), z.enum(['server', 'appliance'])).default({}),
});
export type ContentRequestBody = z.infer<typeof contentRequestBody>;

/** The verdict: every opening holds and the media server has been told to start. */
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
    }),
  ),
  sdp: z.string().optional(),
  steps: z.array(z.object({ step: z.string(), ms: z.number() })),
});
export type ContentAnswer = z.infer<typeof contentAnswer>;
