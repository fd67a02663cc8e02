import { z } from 'zod';

/** Where and how TR-069 devices reach this configuration server, which is their ACS. */
export const cwmpSection = z.strictObject({
  /** Addresses to serve on; `::` serves IPv4 too. */
  hosts: z.array(z.string().min(1)).min(1).default(['::']),
  /** 0 takes a free one. */
  port: z.number().int().min(0).max(65_535).default(7_547),
  /**
   * PEM files, read at start. Left out, HTTP without TLS: devices prove who they are by Digest, and what is said can be
   * read on the way. `authority` issued certificates that devices may prove themselves with instead.
   */
  tls: z.strictObject({ certificate: z.string(), key: z.string(), authority: z.string().optional() }).optional(),
  /** A STUN server for devices behind a NAT (TR-069 Annex G); left out, none. Its `host` is one address. */
  stun: z
    .strictObject({
      host: z.string().min(1).default('::'),
      port: z.number().int().min(0).max(65_535).default(3_478),
    })
    .optional(),
  /** Most sessions of devices at once. */
  sessions: z.number().int().positive().default(10_000),
  /** Most connections at once, on each address: one more takes the place of another. Left out, 4,096. */
  connections: z.number().int().positive().optional(),
  /** Longest body that a device may send, octets. */
  bodyBytes: z
    .number()
    .int()
    .min(16 * 1_024)
    .max(512 * 1_024)
    .default(512 * 1_024),
});
