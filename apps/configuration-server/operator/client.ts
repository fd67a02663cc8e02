import { type Answer, ask, type Question } from '@sluice/api';
import { clientTls, peerIdentity, readIdentity } from '@sluice/identity';
import { httpsPeer, type PeerOptions, systemClock } from '@sluice/io';
import type { z } from 'zod';
import { findSignIn } from './saved-sign-in.ts';

/** A configuration server as an operator asks it. */
export interface OperatorClient extends AsyncDisposable {
  ask<T>(schema: z.ZodType<T>, method: Question['method'], path: string, json?: unknown): Promise<Answer<T>>;
}

/** Where it is, and who asks. */
export interface OperatorOptions {
  /** `https://host:port`; left out, the one that was signed in to last. */
  readonly server?: string | undefined;
  /** Directory with an operator's ca.pem, cert.pem and key.pem; left out, whoever has signed in. */
  readonly identity?: string | undefined;
}

const mostMs = 15_000;

/** Opens no connection yet. Throws when the identity cannot be read, or nobody has signed in; says what to do. */
export async function operatorClient({ server, identity }: OperatorOptions): Promise<OperatorClient> {
  const origin = server === undefined ? undefined : new URL(server).origin;
  if (identity !== undefined) {
    if (origin === undefined)
      throw new Error('which server? name it with --server https://host:port, or in SLUICE_SERVER');
    return asking({ origin, tls: clientTls(await readIdentity(identity)) });
  }
  const signIn = await findSignIn(origin);
  if (!signIn)
    throw new Error(
      'who asks? `sluice sign-in NAME --server https://host:port`, or --identity with the directory of a certificate',
    );
  if (systemClock.now() >= signIn.expiresAt)
    throw new Error(
      `the sign-in at ${signIn.server} is over; \`sluice sign-in ${signIn.name} --server ${signIn.server}\``,
    );
  const tls = { ca: signIn.caPem, minVersion: 'TLSv1.3' } as const;
  return asking({ origin: signIn.server, tls, authorization: `Bearer ${signIn.token}` });
}

/** A client that shows no token and no certificate. */
export function strangerClient(origin: string, caPem: string): OperatorClient {
  return asking({ origin, tls: { ca: caPem, minVersion: 'TLSv1.3' } });
}

function asking(options: Omit<PeerOptions, 'accepts' | 'connections'>): OperatorClient {
  const peer = httpsPeer({
    ...options,
    accepts: (socket) => peerIdentity(socket)?.role === 'configuration-server',
    connections: 1,
  });
  const part = { name: `configuration server ${peer.origin}`, peer, clock: systemClock };
  const patience = new AbortController();
  return {
    ask: (schema, method, path, json) => ask(part, schema, { method, path, json, mostMs }, patience.signal),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
