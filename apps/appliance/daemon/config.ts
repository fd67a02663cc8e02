import { ipAddress } from '@sluice/api';
import { z } from 'zod';
import { httpsOrigin } from '../config.ts';

/** The configuration file of a device's daemon. */
export const daemonConfig = z.strictObject({
  /** Directory with ca.pem, cert.pem and key.pem. */
  identity: z.string(),
  portal: httpsOrigin,
  /** Where the certificate is renewed and revocations come from; left out, the certificate is renewed by enrolling again. */
  configurationServer: httpsOrigin.optional(),
  /** Where the gateway takes introductions; left out, port 8447 of the default gateway. */
  gateway: httpsOrigin.optional(),
  /** Unix socket that programs of this device ask at. */
  socket: z.string().min(1).max(107),
  /** Who may connect to it: its mode. */
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'an octal mode, such as 0660')
    .default('0660')
    .transform((text) => Number.parseInt(text, 8)),
  /** Whether players of this device, which ask a portal over RTSP and show no certificate, may have the home opened. */
  players: z.enum(['allowed', 'refused']).default('refused'),
  /** For pages in a browser on this device; left out, no page may ask. */
  browser: z
    .strictObject({
      /** Port on 127.0.0.1; 0 takes a free one. */
      port: z.number().int().min(0).max(65535),
      /** What plays for them: a program and its parameters, `{sdp}` among them for the description of what comes. */
      player: z
        .array(z.string().min(1).max(1_024))
        .min(1)
        .max(64)
        .refine((words) => words.some((word) => word.includes('{sdp}')), 'needs {sdp} among its parameters'),
      /** File that keeps which origins the household allowed. */
      grants: z.string().min(1),
    })
    .optional(),
  /** Addresses of this device to name in requests; left out, the one it reaches the portal from. */
  localAddresses: z.array(ipAddress).max(8).optional(),
  /** Reach the portal over this IP version alone. */
  family: z.literal([4, 6]).optional(),
});

/** A daemon's configuration, defaults filled in. */
export type DaemonConfig = z.infer<typeof daemonConfig>;
