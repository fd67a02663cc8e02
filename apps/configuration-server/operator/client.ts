import { type Answer, ask, type Question } from '@sluice/api';
import { clientTls, peerIdentity, readIdentity } from '@sluice/identity';
import { httpsPeer, systemClock } from '@sluice/io';
import type { z } from 'zod';

/** A configuration server as an operator asks it. */
export interface OperatorClient extends AsyncDisposable {
  ask<T>(schema: z.ZodType<T>, method: Question['method'], path: string, json?: unknown): Promise<Answer<T>>;
}

/** Where it is, and who asks. */
export interface OperatorOptions {
  /** `https://host:port` */
  readonly server: string;
  /** Directory with an operator's ca.pem, cert.pem and key.pem. */
  readonly identity: string;
}

const mostMs = 10_000;

/** Opens no connection yet. Throws when the identity cannot be read. */
export async function operatorClient({ server, identity }: OperatorOptions): Promise<OperatorClient> {
  const peer = httpsPeer({
    origin: new URL(server).origin,
    tls: clientTls(await readIdentity(identity)),
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
