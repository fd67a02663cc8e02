import { ipAddress } from '@sluice/api';
import { z } from 'zod';

/** A part's address. */
export const httpsOrigin = z
  .url({ protocol: /^https$/, error: 'an https:// URL' })
  .transform((text) => new URL(text).origin);

/** The configuration file of an appliance's screen. */
export const screenConfig = z.strictObject({
  /** Directory with ca.pem, cert.pem and key.pem. */
  identity: z.string(),
  portal: httpsOrigin,
  /** Where the certificate is renewed and revocations come from; left out, the certificate is renewed by enrolling again. */
  configurationServer: httpsOrigin.optional(),
  /** Where the gateway takes introductions; left out, port 8447 of the default gateway. */
  gateway: httpsOrigin.optional(),
  listen: z
    .strictObject({
      /** Unix socket to serve on; only this device's user gets in. */
      socket: z.string().optional(),
      /** Port on 127.0.0.1 to serve on; 0 takes a free one. */
      port: z.number().int().min(0).max(65535).optional(),
    })
    .refine(({ socket, port }) => socket !== undefined || port !== undefined, 'needs a socket, a port, or both'),
  /** Addresses of this device to name in requests; left out, the one it reaches the portal from. */
  localAddresses: z.array(ipAddress).max(8).optional(),
  /** `required`: take RTP as SRTP only. `preferred`: where the server has it. `off`: in the clear. */
  protection: z.enum(['required', 'preferred', 'off']).default('preferred'),
  /** Reach the portal over this IP version alone. */
  family: z.literal([4, 6]).optional(),
});

/** A screen's configuration, defaults filled in. */
export type ScreenConfig = z.infer<typeof screenConfig>;
