import { isPort, type Prefix, parsePrefix } from '@sluice/model';
import { z } from 'zod';
import { roleSchema } from './roles.ts';

const prefix = z.string().transform((text, context): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed) return parsed;
  context.addIssue({ code: 'custom', message: `not an address prefix: ${text.slice(0, 64)}` });
  return z.NEVER;
});

const address = prefix.refine(
  (value) => value.length === (value.address.includes(':') ? 128 : 32),
  'an address, not a prefix',
);

const port = z.number().refine(isPort, 'a port is a whole number from 1 to 65535');

/** Ports that attackers look for inside a home: file shares, remote desktops, databases, printers, consoles. */
export const deniedByDefault: readonly number[] = [
  1433, 1521, 1883, 2049, 2375, 2376, 3306, 3389, 5432, 5900, 5985, 5986, 6379, 7547, 8291, 9100, 9200, 11211, 27017,
];

/** First port that masquerade uses; openings stay below it, or one could take the other's flows. */
export const firstMasqueradePort = 32768;

const globalPorts = z
  .strictObject({
    first: port.min(1024, 'global ports start at 1024 or above').default(16384),
    last: port
      .max(firstMasqueradePort - 1, `global ports end below ${firstMasqueradePort}, where masquerade begins`)
      .default(firstMasqueradePort - 1),
  })
  .refine((range) => range.first < range.last, 'the first global port is below the last');

/** The household's word on what may be opened, as its JSON file says it. Whoever asks, this is final. */
export const policySchema = z
  .strictObject({
    /** Who may ask. Left out: the controllers that the gateway dials. */
    controllers: z
      .array(
        z.strictObject({
          endpointId: z.string().min(1).max(128),
          right: z.enum(['open', 'read']).default('open'),
          /** Names of the roles that say which parts of the data model it may read and change; left out, that of its right. */
          roles: z.array(z.string().min(1).max(64)).max(16).optional(),
          /** Most openings of this one; left out, what {@link policySchema} allows in all. */
          openings: z.number().int().min(0).optional(),
          /** Whether it may open what no device asked for, as an operator does. */
          withoutRequest: z.boolean().default(false),
        }),
      )
      .optional(),
    /** Roles beside `open` and `read`. */
    roles: z.array(roleSchema).max(32).default([]),
    /** Addresses of portals whose requests count; left out: any. */
    portals: z.array(address.transform((value) => value.address)).optional(),
    /** Endpoint ids of portals to which a device may give its consent; left out: any. */
    portalIds: z.array(z.string().min(1).max(128)).optional(),
    /**
     * What a device must have given before anything opens to it: its signature (`required`); its signature where it can
     * sign, else the flow of its request alone (`preferred`); nothing, the controllers' word is enough (`off`).
     */
    consent: z.enum(['required', 'preferred', 'off']).default('preferred'),
    /** The absolute end of what one request opens, from when it opens; a device may set an earlier one. */
    longestConsentSeconds: z.number().int().min(1).max(31_536_000).default(86_400),
    /** Where openings may point. Left out: the networks of the LAN interfaces. */
    localPrefixes: z.array(prefix).optional(),
    localPorts: z
      .strictObject({
        /** Ports below 1024, or denied ones, that are allowed all the same. */
        allow: z.array(port).default([]),
        /** In place of {@link deniedByDefault}. */
        deny: z.array(port).default([...deniedByDefault]),
      })
      .default({ allow: [], deny: [...deniedByDefault] }),
    /** Where streams may come from. Left out: any unicast address outside the home. */
    remotePrefixes: z.array(prefix).optional(),
    globalPorts: globalPorts.default({ first: 16384, last: firstMasqueradePort - 1 }),
    /** Whether this gateway tells media servers, where a controller asks for it, that what their streams need is open. */
    mediaStarts: z.enum(['refused', 'permitted']).default('refused'),
    /** Most openings to one device, and in all. */
    openingsPerDevice: z.number().int().min(0).default(256),
    openings: z.number().int().min(0).max(1_000_000).default(4096),
    longestLeaseSeconds: z.number().int().min(1).max(31_536_000).default(86_400),
    /** Whether an opening may admit every remote address. */
    anyRemote: z.boolean().default(false),
    /** Whether an opening may have no end (LeaseDuration 0). */
    staticLeases: z.boolean().default(false),
  })
  .superRefine(({ roles, controllers = [] }, context) => {
    const known = new Set(['open', 'read']);
    for (const [index, { name }] of roles.entries()) {
      if (known.has(name))
        context.addIssue({ code: 'custom', path: ['roles', index], message: `there is a role ${name}` });
      known.add(name);
    }
    for (const [index, controller] of controllers.entries())
      for (const name of controller.roles ?? [])
        if (!known.has(name))
          context.addIssue({
            code: 'custom',
            path: ['controllers', index, 'roles'],
            message: `there is no role ${name}`,
          });
  });

/** {@link policySchema}, read. */
export type Policy = z.infer<typeof policySchema>;

/** The policy where there is no file. */
export const defaultPolicy: Policy = policySchema.parse({});
