import { z } from 'zod';
import { identifier, ipAddress, prefix } from './shapes.ts';

/** What any gateway may be registered with. */
const common = {
  /** How global ports are agreed on with it; the configuration server's own rule where left out. */
  portAgreement: z.enum(['pick', 'propose', 'list-free']).optional(),
};

/** Communication of a type that answers only inside the home: the appliance there speaks to it. */
const insideHome = {
  ...common,
  through: z.literal('appliance').default('appliance'),
};

/** Where a gateway takes PCP or NAT-PMP: where the appliance's default route leads, on the standard's port, if left out. */
const portControl = {
  ...insideHome,
  address: ipAddress.optional(),
  port: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/)
    .optional(),
};

/** Where a device's description is. */
const location = z
  .url({ protocol: /^http$/, error: 'an http:// URL' })
  .max(1024)
  .optional();

const boundedText = z.string().min(1).max(256).optional();

const interfaces = z
  .string()
  .regex(/^[A-Za-z0-9_.:@-]{1,15}(?:, ?[A-Za-z0-9_.:@-]{1,15}){0,7}$/, 'names of interfaces');

/** What a gateway is registered with, by type: how it is spoken to. Values are text. */
const gatewayTypes = [
  z.object({
    type: z.literal('sluice'),
    communication: z
      .strictObject({ ...common, url: z.url({ protocol: /^wss$/, error: 'a wss:// URL' }).max(1024).optional() })
      .prefault({}),
  }),
  z.object({
    type: z.literal('igd'),
    communication: z
      .strictObject({
        ...insideHome,
        /** The device's unique name, where several gateways answer in that home. */
        uuid: z.string().max(128).optional(),
        /** Where its description is; searched for where left out. */
        location,
        location6: location,
      })
      .prefault({}),
  }),
  z.object({
    type: z.literal('pcp'),
    communication: z.strictObject({ ...portControl, address6: ipAddress.optional() }).prefault({}),
  }),
  z.object({ type: z.literal('nat-pmp'), communication: z.strictObject(portControl).prefault({}) }),
  z.object({
    type: z.literal('usp'),
    communication: z
      .strictObject({ ...common, url: z.url({ protocol: /^wss$/, error: 'a wss:// URL' }).max(1024).optional() })
      .prefault({}),
  }),
  z.object({
    type: z.literal('cwmp'),
    communication: z.strictObject({
      ...common,
      /** Which device it is, as it names itself (TR-069): the manufacturer's OUI and the serial number. */
      oui: z.string().regex(/^[0-9A-Fa-f]{6}$/, 'six hexadecimal digits'),
      serial: z.string().min(1).max(64),
      /** What it shows us. The name is OUI, "-", serial number where left out; without a password a certificate is needed. */
      username: boundedText,
      password: boundedText,
      /** The common name of its certificate; OUI, "-", serial number where left out. */
      certificate: z.string().min(1).max(256).optional(),
      /** What we show it when it is woken, by HTTP or by UDP. */
      connectionRequestUsername: boundedText,
      connectionRequestPassword: boundedText,
      /** Where it is woken; where left out, where it says itself, if that is where it calls from. */
      connectionRequestUrl: location,
    }),
  }),
  z.object({
    type: z.literal('ssh-nft'),
    communication: z.strictObject({
      ...common,
      host: z.string().min(1).max(253),
      port: z
        .string()
        .regex(/^[1-9]\d{0,4}$/, 'a port is a number')
        .optional(),
      username: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a Linux account')
        .optional(),
      /** PEM. */
      privateKey: z.string().min(1).max(8192),
      hostKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256:... as `ssh-keygen -lf` writes it'),
      /** Interfaces, comma separated. */
      wan: interfaces,
      lan: interfaces,
      /** `false` for a firewall that is not the router: IPv4 addresses pass it unchanged. */
      translates: z.enum(['true', 'false']).optional(),
    }),
  }),
] as const;

/** The names of the types. */
export const gatewayTypeNames = gatewayTypes.map(({ shape }) => shape.type.value);

/**
 * PUT /v1/gateways/{gatewayId}. `behind`: the gateway that it is itself behind, the next hop outward. `home`: the home
 * that it is one way into; `at`, global addresses of that home.
 */
export const gatewayRegistration = z.intersection(
  z.discriminatedUnion('type', gatewayTypes),
  z.object({
    behind: identifier.optional(),
    home: z.strictObject({ homeId: identifier, at: z.array(prefix).max(16).default([]) }).optional(),
  }),
);
export type GatewayRegistration = z.infer<typeof gatewayRegistration>;
