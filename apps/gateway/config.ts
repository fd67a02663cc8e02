import { introductionPort } from '@sluice/api';
import { auditSection } from '@sluice/audit';
import { isEndpointId } from '@sluice/wire/usp';
import { z } from 'zod';
import { policySchema } from './policy/policy.ts';

const endpointId = z.string().refine(isEndpointId, 'a USP endpoint id, such as self::configuration-1');

const interfaceNames = z.array(z.string().regex(/^[^\s/:]{1,15}$/, 'an interface name has 1 to 15 characters')).min(1);

/** The configuration file of a gateway. */
export const gatewayConfig = z
  .strictObject({
    /** Directory with ca.pem, cert.pem and key.pem. */
    identity: z.string(),
    /** Must be the one in the certificate; left out, it is taken from there. */
    endpointId: endpointId.optional(),
    /** Several of the WAN's are told apart by their place in the list: the kernel's README says how the box routes. */
    interfaces: z.strictObject({ wan: interfaceNames.max(15), lan: interfaceNames }),
    /**
     * Whether it governs all that this machine passes on, or is the guest of a firewall that does: `auto` sees for
     * itself at start, the other two are not argued with.
     */
    mode: z.enum(['auto', 'owner', 'guest']).default('auto'),
    /** Whether it is the router too; a firewall that is none, before or behind the router, passes IPv4 addresses unchanged. */
    translates: z.boolean().default(true),
    /** Whom the agent dials. */
    controllers: z
      .array(z.strictObject({ endpointId, url: z.url({ protocol: /^wss$/, error: 'a wss:// URL' }) }))
      .default([]),
    /** Where the certificate is renewed, and who counts no more is heard of: `https://host:port`. Left out, nowhere. */
    configurationServer: z
      .url({ protocol: /^https$/, error: 'an https:// URL' })
      .transform((text) => new URL(text).origin)
      .optional(),
    /** Where controllers may connect; left out, nowhere. */
    listen: z
      .strictObject({
        host: z.string().default('::'),
        /** 0 takes a free one. */
        port: z.number().int().min(0).max(65535).default(8443),
        path: z.string().startsWith('/').default('/usp'),
      })
      .optional(),
    /** The household's policy, or the path of the JSON file that holds it. */
    policy: z.union([z.string().min(1), policySchema]).prefault({}),
    /** Directory for what outlives the agent: the keys of the home's appliances. */
    state: z.string().default('/var/lib/sluice'),
    /** What is written down of openings, refusals and ends; left out, nothing is. The agent depends on none of it. */
    audit: auditSection.optional(),
    /** Port on the LAN addresses where appliances introduce themselves; 0 takes a free one. */
    introductions: z.strictObject({ port: z.number().int().min(0).max(65535).default(introductionPort) }).prefault({}),
    /** Unix socket for `sluice gateway status` and its like. */
    controlSocket: z.string().default('/run/sluice/gateway.sock'),
    /** TR-369 R-WS.19: waits before dialling again. */
    redial: z
      .strictObject({
        minimumWaitMs: z.number().int().min(10).default(5_000),
        /** In thousandths. */
        multiplier: z.number().int().min(1_000).max(10_000).default(2_000),
      })
      .prefault({}),
    /** Shown in Device.DeviceInfo. */
    device: z
      .strictObject({
        manufacturer: z.string().default('Sluice'),
        manufacturerOui: z
          .string()
          .regex(/^[0-9A-F]{6}$/)
          .default('000000'),
        modelName: z.string().default('Sluice gateway'),
        productClass: z.string().default('gateway'),
        serialNumber: z.string().default('1'),
        hardwareVersion: z.string().default('1'),
        softwareVersion: z.string().default('0.1.0'),
      })
      .prefault({}),
  })
  .refine(({ interfaces: { wan, lan } }) => new Set([...wan, ...lan]).size === wan.length + lan.length, {
    error: 'an interface faces one way',
    path: ['interfaces'],
  })
  .refine(({ controllers, listen }) => controllers.length > 0 || listen, {
    error: 'nobody could ever reach this gateway: name a controller to dial, or where to listen',
    path: ['controllers'],
  });

/** A gateway's configuration, defaults filled in. */
export type GatewayConfig = z.infer<typeof gatewayConfig>;
