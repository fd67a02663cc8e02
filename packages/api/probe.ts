import { z } from 'zod';
import { endpoint, identifier, mostStreams } from './shapes.ts';

/**
 * POST /v1/probes on a media server: tries the openings of a content's streams, from each stream's own port and from
 * another. Datagrams are sent a few times, in half a second; a TCP port is connected to and reset.
 */
export const probeRequest = z.object({
  contentId: identifier,
  /** What the packets carry, so that the device knows them. */
  trial: z.string().regex(/^[0-9a-f]{32}$/),
  streams: z
    .array(z.object({ id: z.string().max(64), to: endpoint }))
    .min(1)
    .max(mostStreams),
});
export type ProbeRequest = z.infer<typeof probeRequest>;

/**
 * `sent`: a datagram left; who has it must tell. `connected`: it is let in. `silent`: nobody answered in time.
 * `failed`: it could not be tried.
 */
const attempt = z.enum(['sent', 'connected', 'silent', 'failed']);

/** What became of the attempts, by stream. */
export const probeResults = z.object({
  streams: z.array(z.object({ id: z.string().max(64), fromStream: attempt, fromOtherPort: attempt })).max(mostStreams),
});
export type ProbeResults = z.infer<typeof probeResults>;
