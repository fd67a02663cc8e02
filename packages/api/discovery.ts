import type { Evidence, HomeSightings } from '@sluice/model';
import { z } from 'zod';
import { identifier, ipAddress } from './shapes.ts';

const text = z.string().max(256);
const epoch = z.number().int().min(0).max(0xffff_ffff);

/** Sightings, with addresses read in one way or another. */
const sightingsWith = <Address extends z.ZodType<string>>(address: Address) => {
  const portControl = z.object({
    address,
    version: z.number().int().min(0).max(255),
    epoch,
    external: address.optional(),
  });
  return z.object({
    router4: address.optional(),
    router6: address.optional(),
    hasIpv6: z.boolean(),
    agent: z.object({ address, endpointId: identifier, isProven: z.boolean() }).optional(),
    pcp: portControl.optional(),
    igd: z
      .object({
        address,
        udn: text,
        manufacturer: text,
        model: z.string().max(520),
        server: text,
        version: z.number().int().min(1).max(9),
        connected: z.boolean(),
        status: text.optional(),
        external: address.optional(),
        firewall: z.boolean(),
        isDefaultRouter: z.boolean(),
      })
      .optional(),
    natPmp: portControl.optional(),
    dhcp: z
      .object({
        interface: z.string().max(15),
        keptBy: z.enum(['systemd-networkd', 'dhclient', 'NetworkManager', 'dhcpcd']),
        server: address.optional(),
        routers: z.array(address).max(8),
        vendorClass: text.optional(),
        acsUrl: text.optional(),
        controllerUrl: text.optional(),
        controllerId: text.optional(),
        gateway: z
          .object({
            oui: z.string().regex(/^[0-9A-F]{6}$/),
            serialNumber: z.string().min(1).max(64),
            productClass: z.string().max(64).optional(),
          })
          .optional(),
        pcpServers: z.array(address).max(8),
      })
      .optional(),
    missing: z.partialRecord(z.enum(['agent', 'pcp', 'igd', 'nat-pmp']), text),
  });
};

/** What a device sees of the gateway that it is behind ({@link HomeSightings}). */
export const homeSightings = sightingsWith(ipAddress);

/** Why a registration is believed that no operator made ({@link Evidence}). */
export const evidence = z.object({
  by: z.enum(['ways', 'address', 'calls-in', 'agent', 'appliance', 'person']),
  at: z.number(),
  applianceId: z.string(),
  observed: z.string(),
  /** The ways that are registered for the home, and how each went. */
  tried: z
    .array(
      z.object({
        gatewayId: z.string(),
        type: z.string(),
        outcome: z.enum(['answered', 'elsewhere', 'failed', 'late', 'barred']),
        ms: z.number(),
        why: z.string().optional(),
      }),
    )
    .optional(),
  sightings: sightingsWith(z.string()).optional(),
});

/** What a person may say that the gateway of their home speaks: types that their own device speaks to it. */
export const tellableType = z.enum(['igd', 'pcp', 'nat-pmp']);
export type TellableType = z.infer<typeof tellableType>;

/** What a person answers when they are asked for it. */
export const gatewayWord = z.enum([...tellableType.options, 'unknown']);
export type GatewayWord = z.infer<typeof gatewayWord>;

/** Sightings as they are known within; optional members that are left out are not there. */
export function sightingsOf(read: z.infer<typeof homeSightings>): HomeSightings {
  return JSON.parse(JSON.stringify(read)) as HomeSightings;
}

/** Evidence as the API shows it. */
export function evidenceView(known: Evidence): z.infer<typeof evidence> {
  return structuredClone(known) as z.infer<typeof evidence>;
}
