import { parsePrefix } from '@sluice/model';
import { z } from 'zod';
import { identifier } from './shapes.ts';

/** An address, or a network of addresses: "203.0.113.10", "2001:db8::/64". */
const prefix = z
  .string()
  .max(49)
  .refine((text) => parsePrefix(text) !== undefined, 'not an address, nor a prefix such as 203.0.113.0/24');

/** PUT /v1/portals/{portalId}: where the streams may come from that this portal asks for. */
export const portalRegistration = z.object({ remotes: z.array(prefix).max(256) });

/** A portal as the API shows it. */
export const portalView = z.object({ portalId: z.string(), remotes: z.array(z.string()) });

/** Portals by id. */
export const portalList = z.object({ portals: z.array(portalView) });

/** Path of one portal. */
export const byPortal = z.object({ portalId: identifier });
