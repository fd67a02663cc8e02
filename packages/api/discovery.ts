import type { Evidence, HomeSightings } from '@sluice/model';
import { z } from 'zod';
import { identifier, ipAddress } from './shapes.ts';

const text = z.string().max(256);
const epoch = z.number().int().min(0).max(0xffff_ffff);
const portControl = z.object({
  address: ipAddress,
  version: z.number().int().min(0).max(255),
  epoch,
  external: ipAddress.optional(),
});

/** What a device sees of the gateway that it is behind ({@link HomeSightings}). */
export const homeSightings = z.object({
  router4: ipAddress.optional(),
  router6: ipAddress.optional(),
  hasIpv6: z.boolean(),
  agent: z.object({ address: ipAddress, endpointId: identifier, isProven: z.boolean() }).optional(),
  pcp: portControl.optional(),
  igd: z
    .object({
      address: ipAddress,
      udn: text,
      manufacturer: text,
      model: z.string().max(520),
      server: text,
      version: z.number().int().min(1).max(9),
      connected: z.boolean(),
      status: text.optional(),
      external: ipAddress.optional(),
      firewall: z.boolean(),
      isDefaultRouter: z.boolean(),
    })
    .optional(),
  natPmp: portControl.optional(),
  missing: z.partialRecord(z.enum(['agent', 'pcp', 'igd', 'nat-pmp']), text),
});

/** Why a registration is believed that no operator made ({@link Evidence}). */
export const evidence = z.object({
  by: z.enum(['address', 'calls-in', 'agent', 'appliance']),
  at: z.number(),
  applianceId: z.string(),
  observed: z.string(),
  sightings: homeSightings.optional(),
});

/** Sightings as they are known within; optional members that are left out are not there. */
export function sightingsOf(read: z.infer<typeof homeSightings>): HomeSightings {
  return JSON.parse(JSON.stringify(read)) as HomeSightings;
}

/** Evidence as the API shows it. */
export function evidenceView(known: Evidence): z.infer<typeof evidence> {
  return structuredClone(known) as z.infer<typeof evidence>;
}
