import { z } from 'zod';
import { mediaKeys, offeredSuites, streamProtection } from './protection.ts';
import { checkPorts, contentStream, endpoint, identifier, mostStreams, port } from './shapes.ts';

/** Pictures that move, sound, and what comes as a file: a picture, a text, data of any other kind. */
export const contentKinds = ['film', 'radio', 'picture', 'text', 'download'] as const;

/**
 * A content: what a media server has to send, with all its streams. Its poster, a JPEG, is
 * GET /v1/contents/{contentId}/poster on a media server.
 */
export const content = z.object({
  contentId: identifier,
  title: z.string(),
  kind: z.enum(contentKinds),
  description: z.string(),
  /** Seconds; absent for endless ones. */
  durationSeconds: z.number().optional(),
  /**
   * Session description (RFC 8866) with `0` for ports and `0.0.0.0` for addresses, for contents with RTP. Each media
   * section has the id of its RTP stream as `a=mid:`.
   */
  sdp: z.string().optional(),
  /** What a picture, a text or a download sends. */
  file: z.object({ name: z.string(), bytes: z.number(), sha256: z.string() }).optional(),
  /** `localPort`: what a device receives this stream on that names no port; left out, it is to name one. */
  streams: z
    .array(contentStream.extend({ localPort: port.optional() }).superRefine(checkPorts))
    .min(1)
    .max(mostStreams),
});
export type Content = z.infer<typeof content>;

/** GET /v1/contents?family=4|6 on a media server and on a portal. */
export const contentList = z.object({ contents: z.array(content) });

/**
 * POST /v1/starts on a media server: send these streams now. The answer comes when every stream is sending, or armed:
 * waiting for the appliance's first packet, which the appliance sends once it has the portal's answer, so never
 * before the start was taken. Asking again with the same session id changes nothing.
 */
export const startRequest = z.object({
  sessionId: z.string().max(64),
  contentId: identifier,
  streams: z
    .array(z.object({ id: z.string(), to: endpoint }))
    .min(1)
    .max(mostStreams),
  /**
   * Who sends the first packet of each stream, by id; `server` where left out. For `appliance` the stream is armed:
   * the server waits up to 2 s, from its answer on, for a packet from `to` on that stream's port (TCP: a connection),
   * then sends anyway (TCP: gives the stream up).
   */
  firstSpeaker: z.record(z.string(), z.enum(['server', 'appliance'])).default({}),
  /** What the appliance takes SRTP with. Where none of it suits the server, RTP goes in the clear, or not at all. */
  srtp: offeredSuites,
});
export type StartRequest = z.infer<typeof startRequest>;

/** What was sent so far in one session; the answer of GET and DELETE /v1/starts/{sessionId}. */
export const startView = z.object({
  sessionId: z.string(),
  state: z.enum(['sending', 'ended', 'stopped']),
  streams: z.array(
    z.object({
      id: z.string(),
      packetsSent: z.number(),
      /** Before protection. */
      bytesSent: z.number(),
      packetsReceived: z.number(),
      /** Came from the right endpoint, and were not made with the stream's key. */
      packetsUnauthentic: z.number().optional(),
    }),
  ),
});
export type StartView = z.infer<typeof startView>;

/** What a start is answered with: how each stream goes out, and the keys for the appliance. No other answer has keys. */
export const startAnswer = startView.extend({
  protection: z.record(z.string(), streamProtection).optional(),
  keys: mediaKeys,
});
export type StartAnswer = z.infer<typeof startAnswer>;
