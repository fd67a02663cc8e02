import { z } from 'zod';
import { startRequest } from './media.ts';
import { partPlace } from './place.ts';
import { endpoint, ipAddress, mostStreams } from './shapes.ts';

/** Who may tell a media server to start. */
export const starters = ['portal', 'configuration-server', 'gateway'] as const;
export type Starter = (typeof starters)[number];

/** What a start is known by that a gateway tells of: nobody can guess it. */
const startId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'a start id is 16 to 64 of A-Z a-z 0-9 _ -');

/**
 * In a request for openings: the configuration server tells the media server to start, once all of them hold and before
 * its answer. The start is the asking portal's own, as one that it had asked for itself.
 */
const orderToServer = startRequest
  .pick({ firstSpeaker: true, srtp: true })
  .extend({ by: z.literal('configuration-server'), mediaServer: partPlace });

/** The gateway tells the media server, which awaits it: {@link awaitedStart}. */
const orderToGateway = z.object({ by: z.literal('gateway'), mediaServer: endpoint, startId });

/** In a request for openings: who tells the media server to start, and whom. */
export const startOrder = z.discriminatedUnion('by', [orderToServer, orderToGateway]);
export type StartOrder = z.infer<typeof startOrder>;
export type ServerStartOrder = z.infer<typeof orderToServer>;

/** A start on behalf of a portal: what another part asks a media server for. */
export const startFor = startRequest.extend({
  /** Whose start it is; heeded from a configuration server alone. */
  portalId: z.string().max(128).optional(),
});

/**
 * POST /v1/awaited-starts on a media server: as a start, but that a gateway will tell where to. The answer comes when it
 * did, and the streams are sent; who asks and goes away does not await it any more. From then on it is a start like any
 * other, its session id being the start's.
 */
export const awaitedStart = startRequest.omit({ sessionId: true, streams: true }).extend({
  startId,
  streams: z.array(z.string()).min(1).max(mostStreams),
  /** Where the request was seen to come from: nowhere else is sent to. */
  observed: ipAddress,
});
export type AwaitedStart = z.infer<typeof awaitedStart>;

/**
 * POST /v1/awaited-starts/{startId} on a media server: a gateway tells that it holds these, each by the server's end of
 * the stream. Telling again changes nothing.
 */
export const openingsHeld = z.object({
  openings: z
    .array(z.object({ remote: endpoint, to: endpoint }))
    .min(1)
    .max(mostStreams),
});
export type OpeningsHeld = z.infer<typeof openingsHeld>;

/** Its answer. */
export const heardOf = z.object({ state: z.enum(['sending', 'ended', 'stopped']) });
