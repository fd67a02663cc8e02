import { z } from 'zod';

/** Octets of each suite's master key and master salt together; suites by their names in RFC 4568 and RFC 7714. */
const masterLengths = { AEAD_AES_128_GCM: 28, AES_CM_128_HMAC_SHA1_80: 30 } as const;

/** What an appliance takes SRTP with; suites that nobody knows are passed over. */
export const offeredSuites = z.array(z.string().max(64)).max(8).optional();

/**
 * What one RTP stream and its RTCP are protected with (RFC 3711): a master key and salt for each direction, as `inline:`
 * of RFC 4568 has them. Secret: for the appliance alone, never logged and never kept.
 */
export const srtpKeys = z
  .object({
    suite: z.enum(Object.keys(masterLengths) as [keyof typeof masterLengths]),
    server: z.base64().max(64),
    appliance: z.base64().max(64),
  })
  .refine(
    ({ suite, server, appliance }) =>
      [server, appliance].every((text) => Buffer.from(text, 'base64').length === masterLengths[suite]),
    'a key is not as long as its suite has it',
  );
export type SrtpKeys = z.infer<typeof srtpKeys>;

/** The keys by the id of the RTP stream; its RTCP has the same. */
export const mediaKeys = z.record(z.string().max(32), srtpKeys).optional();
export type MediaKeys = NonNullable<z.infer<typeof mediaKeys>>;

/** Whether a stream is protected between media server and appliance, and why not where it is not. */
export const streamProtection = z.object({
  protection: z.enum(['srtp', 'clear']),
  clearBecause: z.string().max(256).optional(),
});
export type StreamProtection = z.infer<typeof streamProtection>;
