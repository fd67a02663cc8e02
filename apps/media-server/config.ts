import { ipAddress, partPlace } from '@sluice/api';
import { familyOf } from '@sluice/model';
import { z } from 'zod';

const addressOf = (family: 4 | 6) =>
  ipAddress.refine((address) => familyOf(address) === family, `an IPv${family} address`).optional();

/** The configuration file of a media server. */
export const mediaServerConfig = z.strictObject({
  /** Directory with ca.pem, cert.pem and key.pem. */
  identity: z.string(),
  /**
   * Where the certificate is renewed, and who counts no more is heard of: `https://host:port`, or `beside` where it runs
   * in the same process. Left out, nowhere.
   */
  configurationServer: partPlace.optional(),
  listen: z
    .strictObject({
      /** Addresses of the control API; `::` serves IPv4 too. */
      hosts: z.array(z.string()).min(1).default(['::']),
      /** 0 takes a free one. */
      port: z.number().int().min(0).max(65535).default(8446),
    })
    .prefault({}),
  /** The server's own address that content is sent from, for each IP version it sends over. */
  addresses: z
    .strictObject({ 4: addressOf(4), 6: addressOf(6) })
    .refine((addresses) => addresses[4] ?? addresses[6], 'at least one address'),
  /** `required`: RTP goes out as SRTP only. `preferred`: in the clear to whoever takes none. `off`: in the clear. */
  protection: z.enum(['required', 'preferred', 'off']).default('preferred'),
  /** Port of the first content's first stream; the others follow. 0 takes free ones. */
  firstPort: z.number().int().min(0).max(60000).default(7000),
  /** Where media is kept that was made or packetised; created when missing. */
  mediaDirectory: z.string(),
  /** Files of one's own that are offered too. */
  ownDirectory: z.string().optional(),
  /** The film is shown again and again for so long. */
  filmSeconds: z.number().positive().max(86_400).default(8),
  /** The radio ends then; left out, it does not. */
  radioSeconds: z.number().positive().max(86_400).optional(),
  downloadMegabytes: z.number().int().min(1).max(512).default(4),
  limits: z
    .strictObject({
      /** Starts that may be sending at once. */
      starts: z.number().int().positive().default(500),
      /** Longest wait for an appliance's first packet, ms. */
      firstSpeakerMs: z.number().int().positive().default(2_000),
      /** Longest wait for a TCP connection, ms. */
      connectMs: z.number().int().positive().default(2_000),
      /** Sending ends then at the latest, also of endless contents, s. */
      longestSeconds: z.number().int().positive().default(21_600),
      /** Largest file that is packetised, in MB: it is held in memory. */
      largestMegabytes: z.number().int().positive().max(1_024).default(512),
    })
    .prefault({}),
});

/** A media server's configuration, defaults filled in. */
export type MediaServerConfig = z.infer<typeof mediaServerConfig>;
