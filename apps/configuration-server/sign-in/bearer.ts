import type { IncomingMessage } from 'node:http';
import type { StandingStore } from '@sluice/control';
import type { Log } from '@sluice/io';
import { type Refusal, refuse } from '@sluice/model';
import type { Caller } from '../http/caller.ts';
import type { OpenIdBearer } from './open-id.ts';
import type { Tokens } from './tokens.ts';

/** What tokens are judged by. */
export interface BearerPorts {
  readonly store: StandingStore;
  readonly tokens: Tokens;
  /** Undefined where no OpenID provider is configured. */
  readonly openId: ((token: string) => Promise<OpenIdBearer | undefined>) | undefined;
  readonly log: Log;
}

/** Longest token taken, in characters. */
const longest = 8_192;

/**
 * Who asks with a token: somebody who signed in here and whose account is still as it was, or somebody whom the OpenID
 * provider vouches for. A refusal for everybody else.
 */
export function bearerReader({ store, tokens, openId, log }: BearerPorts) {
  return async ({ headers }: IncomingMessage): Promise<Caller | Refusal> => {
    const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
    if (token === undefined || token.length > longest)
      return refuse('sign-in-needed', 'this needs a token; sign in first');
    const signed = await tokens.read(token);
    if (signed) {
      const account = await store.operator(signed.name);
      if (account?.changedAt !== signed.changedAt) return notAnyMore;
      return { endpointId: `operator:${account.name}`, role: roleOf(account.role), certified: false };
    }
    try {
      const bearer = await openId?.(token);
      if (!bearer) return notAnyMore;
      const endpointId = `oidc:${encodeURIComponent(bearer.subject)}`.slice(0, 128);
      return { endpointId, role: bearer.role, certified: false };
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'the OpenID provider cannot be asked',
      );
      return refuse('part-unreachable', 'the OpenID provider cannot be asked; try later');
    }
  };
}

const notAnyMore = refuse(
  'sign-in-needed',
  'the token is not of this server, its time is over, or its bearer has no role',
);

function roleOf(text: string): 'operator' | 'auditor' {
  return text === 'operator' ? 'operator' : 'auditor';
}
