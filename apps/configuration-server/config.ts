import { partPlace, promiseName } from '@sluice/api';
import { auditSection } from '@sluice/audit';
import { defaultRequestRates, defaultSettings, type Rate } from '@sluice/control';
import { isPort } from '@sluice/model';
import { z } from 'zod';
import { cwmpSection } from './cwmp/config.ts';

const listen = (port: number) =>
  z.strictObject({
    /** Addresses to serve on; `::` serves IPv4 too. */
    hosts: z.array(z.string().min(1)).min(1).default(['::']),
    /** 0 takes a free one. */
    port: z.number().int().min(0).max(65_535).default(port),
  });

const rate = ({ burst, perSecond }: Rate) =>
  z.strictObject({
    /** So many at once, and ... */
    burst: z.number().int().positive().default(burst),
    /** ... so many a second in the long run. */
    perSecond: z.number().positive().default(perSecond),
  });
const { appliance, gateway, address, portal } = defaultRequestRates;

const milliseconds = z.number().int().positive();
const port = z.number().refine(isPort, 'a port is a whole number from 1 to 65535');

/** The configuration file of a configuration server. */
export const configurationServerConfig = z.strictObject({
  /** Directory with ca.pem, cert.pem and key.pem. */
  identity: z.string(),
  /** The HTTPS API, for portals and operators. */
  api: listen(8444).prefault({}),
  /** Where gateways connect to: a WebSocket that speaks USP. */
  usp: listen(8445)
    .extend({ path: z.string().startsWith('/').default('/usp') })
    .prefault({}),
  /** Where devices that speak TR-069 connect to; left out, nowhere, and gateways of type `cwmp` are not spoken to. */
  cwmp: cwmpSection.optional(),
  /**
   * Directory of the deployment's certificate authority (ca.pem, ca-key.pem). Left out, this server makes no
   * certificates: no part enrols or renews here, and its own is renewed by hand.
   */
  authority: z.string().optional(),
  /** Where parts enrol with a one-time token; left out, nowhere. */
  enrolment: listen(8448)
    .extend({
      /** How parts reach it, `https://host:port`; left out, the host that the operator asked, and this port. */
      url: z.url({ protocol: /^https$/, error: 'an https:// URL' }).optional(),
    })
    .optional(),
  /** Where people sign in, on a port of its own; left out, nowhere: then operators are known by certificates alone. */
  operators: listen(8449)
    .extend({
      /** How they reach it, `https://host:port`; left out, the host that the operator asked, and this port. */
      url: z.url({ protocol: /^https$/, error: 'an https:// URL' }).optional(),
      /** How long a sign-in with a password lasts. */
      tokenSeconds: z.number().int().min(60).max(86_400).default(3_600),
      /** Whose tokens count beside (OpenID Connect); left out, nobody's. */
      oidc: z
        .strictObject({
          issuer: z.url({ protocol: /^https$/, error: 'an https:// URL' }),
          /** The client id that this server has at the issuer. */
          audience: z.string().min(1),
          /** The claim that holds the role, or the roles; with dots, a path into objects. */
          roleClaim: z.string().min(1).default('roles'),
          /** Our role for each value of that claim. */
          roles: z
            .record(z.string(), z.enum(['operator', 'auditor']))
            .default({ 'sluice-operator': 'operator', 'sluice-auditor': 'auditor' }),
          /** File of certificates that the issuer is trusted by; left out, those that this machine trusts. */
          authority: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  certificates: z
    .strictObject({
      /** Of the certificates made here; each is renewed at two thirds of it. */
      lifetimeSeconds: z
        .number()
        .int()
        .min(2)
        .max(825 * 86_400)
        .default(86_400),
    })
    .prefault({}),
  /**
   * Whether an appliance is registered behind the gateway that its request came through: not at all, where it is not
   * registered yet, again when the period is over, or each time.
   */
  registration: z.enum(['off', 'first-contact', 'periodic', 'every-contact']).default('off'),
  /**
   * Whether the gateway of an appliance that is not registered is looked for, and both are registered with what tells. It
   * believes what appliances see in their homes, and so is off of its own accord (docs/discovery.md).
   */
  discovery: z.enum(['off', 'on']).default('off'),
  registrationPeriodSeconds: z.number().int().positive().default(86_400),
  /** File of the registration database; its folder must exist. */
  database: z.string(),
  /**
   * File of the keys that passwords and private keys in the database are sealed with, one a line, the newest first. Left
   * out: the systemd credential `secrets-key` where there is one, else `<database>.key`, made when the first secret comes.
   */
  secretsKey: z.string().optional(),
  /** The audit log; left out, in `<database>-audit`. */
  audit: auditSection.partial({ directory: true }).prefault({}),
  /** Whether a portal that is not registered may ask for streams from anywhere. */
  unregisteredPortals: z.enum(['refused', 'permitted']).default('refused'),
  /** Media servers that portals may have this server tell to start: `https://host:port`, or `beside` in the same process. */
  mediaServers: z.array(partPlace).default([]),
  leases: z
    .strictObject({
      /** Of the first opening, until the verdict is stored: what cannot be reached to be undone ends by itself. */
      provisionalSeconds: z.number().int().min(1).max(10).default(10),
      /** Of an open session; renewed at half of it. */
      fullSeconds: z.number().int().min(2).max(86_400).default(60),
      /** The same at gateways where each renewal costs a running stream packets. */
      rareSeconds: z.number().int().min(2).max(86_400).default(600),
      /** The absolute end of a session, from its request. */
      longestSeconds: z
        .number()
        .int()
        .min(2)
        .default(12 * 3_600),
    })
    .prefault({}),
  /** How global ports are agreed on: the gateway picks, we propose, or it lists what is free. */
  portAgreement: z.enum(['pick', 'propose', 'list-free']).default('pick'),
  /** Ports that are proposed, both ends inclusive. */
  globalPorts: z.tuple([port, port]).default([16_384, 32_767]),
  /**
   * The promises that an opening may lack where its gateway cannot keep them; a gateway that lacks another is refused
   * (`cannot-hold`). Not of its own accord: `remoteAddress` (anyone may send) and `lease` (it stays when nobody closes it).
   */
  weaker: z.array(promiseName).default([...defaultSettings.weaker]),
  limits: z
    .strictObject({
      /** Longest wait for one answer of a gateway, ms. */
      exchangeMs: milliseconds.default(3_000),
      /** Longest time from a request to its verdict, ms. */
      verdictMs: milliseconds.default(7_000),
      /** Longest time for a request to arrive, ms. */
      requestMs: milliseconds.default(10_000),
      bodyBytes: z
        .number()
        .int()
        .min(1_024)
        .default(64 * 1_024),
      headerBytes: z
        .number()
        .int()
        .min(1_024)
        .default(8 * 1_024),
      /** Most connections of gateways at once; left out, no limit. */
      gateways: z.number().int().positive().optional(),
      /** Most openings at once. */
      openingsPerAppliance: z.number().int().positive().default(256),
      openingsPerGateway: z.number().int().positive().default(4_096),
      /** Of what asked from one address; for IPv6, from one /64. */
      openingsPerAddress: z.number().int().positive().default(65_536),
      openingsPerPortal: z.number().int().positive().default(1_000_000),
      /** How often content may be asked for: by one appliance, from one home, from one address, through one portal. */
      requests: z
        .strictObject({
          appliance: rate(appliance).prefault({}),
          gateway: rate(gateway).prefault({}),
          address: rate(address).prefault({}),
          portal: rate(portal).prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
  /** How long a session that ended is remembered, days. */
  rememberDays: z.number().int().positive().default(14),
});

/** A configuration server's configuration, defaults filled in. */
export type ConfigurationServerConfig = z.infer<typeof configurationServerConfig>;
