import { contentKinds, partPlace, port, starters } from '@sluice/api';
import { parseIpAddress, parsePrefix } from '@sluice/model';
import { z } from 'zod';
import { endpointOf } from './starting.ts';

const prefix = z.string().transform((text, { addIssue }) => {
  const address = parseIpAddress(text);
  const read = address === undefined ? parsePrefix(text) : { address, length: address.includes(':') ? 128 : 32 };
  if (read) return read;
  addIssue('an address or a network, such as 203.0.113.80 or 2001:db8::/64');
  return z.NEVER;
});

const userName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a name is 1 to 64 of A-Z a-z 0-9 _ . -');
const sipUser = z.union([
  z.strictObject({ name: userName, password: z.string().min(1).max(256) }),
  /** MD5 of `name:domain:password`, the domain in small letters: no password stands in the file. */
  z.strictObject({ name: userName, ha1: z.string().regex(/^[0-9a-fA-F]{32}$/, '32 hexadecimal digits') }),
]);

/** The configuration file of a portal. */
export const portalConfig = z
  .strictObject({
    /** Directory with ca.pem, cert.pem and key.pem. */
    identity: z.string(),
    listen: z
      .strictObject({
        /** Addresses to serve on; `::` serves IPv4 too. */
        hosts: z.array(z.string()).min(1).default(['::']),
        /** 0 takes a free one. */
        port: z.number().int().min(0).max(65535).default(8443),
      })
      .prefault({}),
    /**
     * Proxies in front, by address or network: each of their connections begins with a PROXY header (version 1 or 2), which
     * tells the home's address. Nobody else's header counts.
     */
    proxies: z.array(prefix).default([]),
    /** `https://host:port`, or `beside` where it runs in the same process. */
    configurationServer: partPlace,
    /** Each as the configuration server. */
    mediaServers: z.array(partPlace).min(1),
    /** Who tells the media server to start: this portal, or whom it asks for the openings. */
    start: z.enum(starters).default('portal'),
    /** Where players speak RTSP (RFC 2326); left out, nowhere. They show no certificate: whoever is in a home may ask. */
    rtsp: z
      .strictObject({
        hosts: z.array(z.string()).min(1).default(['::']),
        /** 0 takes a free one. */
        port: z.number().int().min(0).max(65535).default(8554),
        /** Most connections at once. */
        connections: z.number().int().positive().default(1_000),
      })
      .optional(),
    /** Where telephones speak SIP (RFC 3261), over UDP and TCP; left out, nowhere. */
    sip: z
      .strictObject({
        hosts: z.array(z.string()).min(1).default(['::']),
        /** The same for UDP and TCP. */
        port: z.number().int().min(0).max(65535).default(5060),
        /** Telephones are `sip:NAME@domain`. */
        domain: z.string().regex(/^[A-Za-z0-9.-]{1,253}$/),
        users: z.array(sipUser).max(100_000),
        /** Most TCP connections at once. */
        connections: z.number().int().positive().default(10_000),
      })
      .optional(),
    /**
     * What devices receive each kind of content on that name no port of their own: by kind, then by stream,
     * `{ "radio": { "audio": 5004 } }`.
     */
    localPorts: z.partialRecord(z.enum(contentKinds), z.record(z.string(), port)).default({}),
    /** Devices without a certificate: whoever is in a home may ask; or nobody who does not show one. */
    unnamedAppliances: z.enum(['refused', 'permitted']).default('refused'),
    /**
     * Networks that devices share with the servers, with no gateway between: what asks from there, from an address that it
     * calls its own, is sent to directly, and nothing is opened.
     */
    direct: z.array(prefix).default([]),
    limits: z
      .strictObject({
        /** A session to where nothing has to be opened ends then at the latest, s. */
        directSeconds: z
          .number()
          .int()
          .positive()
          .default(12 * 3_600),
        /** Longest wait for the configuration server's verdict, ms. */
        configurationMs: z.number().int().positive().default(8_000),
        /** Longest wait for the media server to begin, ms. */
        startMs: z.number().int().positive().default(3_000),
        /** Longest wait for what is shown: contents, posters, how a session stands, ms. */
        lookMs: z.number().int().positive().default(3_000),
        /** How long a list of contents is shown before the media servers are asked again, ms. */
        contentsFreshMs: z.number().int().nonnegative().default(5_000),
      })
      .prefault({}),
  })
  .refine(({ start, mediaServers }) => start !== 'gateway' || mediaServers.every((place) => endpointOf(place)), {
    error: 'a gateway tells media servers that are named by their addresses, https://203.0.113.10:8446',
    path: ['start'],
  });

/** A portal's configuration, defaults filled in. */
export type PortalConfig = z.infer<typeof portalConfig>;
