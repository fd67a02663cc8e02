import { isPort } from '@sluice/model';
import { z } from 'zod';

/** Most characters of a token; longer ones are refused before anything is done for them. */
export const tokenRoom = 4_096;

/** What the protected header says (RFC 7515 4.1.11). */
export const tokenType = 'sluice-consent+jwt';

/** Longest time a token may be presented, from when it was signed, seconds. */
export const mostFreshSeconds = 120;

const signedPort = z
  .object({
    /** The content stream's id. */
    id: z.string().min(1).max(64),
    transport: z.enum(['tcp', 'udp', 'sctp', 'esp']),
    /** 0 for ESP, which has none. */
    port: z.number(),
  })
  .refine(({ transport, port }) => (transport === 'esp' ? port === 0 : isPort(port)));

/** A local port that its device wants opened. */
export type SignedPort = z.infer<typeof signedPort>;

/** Seconds since 1970 (RFC 7519 NumericDate), whole ones. */
const instant = z.number().int().positive().max(253_402_300_799);

/** The payload of a consent token: JWT claims (RFC 7519 4.1) and our own. Members that are not named here are ignored. */
export const claimsSchema = z.object({
  /** The appliance's endpoint id. */
  iss: z.string().min(1).max(128),
  /** The portal's endpoint id. */
  aud: z.string().min(1).max(128),
  /** The request's id: one token opens once. */
  jti: z.string().min(1).max(64),
  iat: instant,
  /** Not presented later than this; at most {@link mostFreshSeconds} after `iat`. */
  exp: instant,
  /** Nothing is open for this request later than this. */
  end: instant,
  content: z.string().min(1).max(128),
  ports: z.array(signedPort).min(1).max(16),
});

/** What an appliance signed. */
export type ConsentClaims = z.infer<typeof claimsSchema>;

/** The protected header, whole: no `crit`, no key that comes along (RFC 8725 3.1, 3.10). */
export const headerSchema = z.strictObject({
  alg: z.literal('ES256'),
  typ: z.literal(tokenType),
  kid: z.string().regex(/^[\w-]{43}$/),
});
