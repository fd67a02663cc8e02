import { z } from 'zod';
import { startRequest } from './media.ts';
import { partPlace } from './place.ts';

/** Who may tell a media server to start. */
export const starters = ['portal', 'configuration-server'] as const;
export type Starter = (typeof starters)[number];

/**
 * In a request for openings: whoever answers it tells the media server to start, once all of them hold and before the
 * answer. The start is the asking portal's own, as one that it had asked for itself.
 */
export const startOrder = startRequest.pick({ firstSpeaker: true, srtp: true }).extend({ mediaServer: partPlace });
export type StartOrder = z.infer<typeof startOrder>;

/** A start on behalf of a portal: what another part asks a media server for. */
export const startFor = startRequest.extend({
  /** Whose start it is; heeded from a configuration server alone. */
  portalId: z.string().max(128).optional(),
});
