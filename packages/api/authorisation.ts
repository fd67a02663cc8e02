import { z } from 'zod';
import { identifier, prefix } from './shapes.ts';

/** PUT /v1/portals/{portalId}: where the streams may come from that this portal asks for. */
export const portalRegistration = z.object({ remotes: z.array(prefix).max(256) });

/** A portal as the API shows it. */
export const portalView = z.object({ portalId: z.string(), remotes: z.array(z.string()) });

/** Portals by id. */
export const portalList = z.object({ portals: z.array(portalView) });

/** Path of one portal. */
export const byPortal = z.object({ portalId: identifier });

const operatorName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a name is 1 to 64 of A-Z a-z 0-9 . _ -, and begins with a letter or digit',
  );

/** Shortest password that is taken, in characters: NIST SP 800-63B asks for 8, and for more where there is nothing beside it. */
export const shortestPassword = 12;
const password = z.string().max(256);

/** PUT /v1/operators/{name}: a person may sign in with this password; whatever was signed for the name before is void. */
export const operatorAccount = z.object({
  role: z.enum(['operator', 'auditor']).default('operator'),
  password: password.min(shortestPassword, `a password has ${shortestPassword} characters or more`),
});

/** An account as the API shows it. */
export const operatorView = z.object({
  name: z.string(),
  role: z.string(),
  /** Where to sign in; absent where this server lets nobody. */
  signInUrl: z.string().optional(),
});

/** Accounts by name. */
export const operatorList = z.object({ operators: z.array(operatorView) });

/** Path of one account. */
export const byOperatorName = z.object({ name: operatorName });

/** POST /v1/sign-ins where people sign in, without a certificate. */
export const signInRequest = z.object({ name: z.string().max(64), password });

/** A token for the header `Authorization: Bearer`, until then (milliseconds since 1970). */
export const signInView = z.object({ name: z.string(), role: z.string(), token: z.string(), expiresAt: z.number() });
