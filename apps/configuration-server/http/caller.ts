import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { peerIdentity, type Role } from '@sluice/identity';
import { type Refusal, refuse } from '@sluice/model';

/** Who asks. */
export interface Caller {
  /** Shown by a certificate in this very connection. */
  readonly certified: boolean;
  readonly endpointId: string;
  readonly role: Role;
}

/** Tells who asks, or why nobody may. */
export type CallerReader = (request: IncomingMessage) => Caller | Refusal | Promise<Caller | Refusal>;

/** Who asks by the certificate of the connection, which is read once, however many requests come over it. */
export function certificateReader(): CallerReader {
  const known = new WeakMap<object, Caller>();
  return ({ socket }) => {
    const before = known.get(socket);
    if (before) return before;
    const peer = peerIdentity(socket as TLSSocket);
    if (!peer) return refuse('not-permitted', 'this needs a certificate of this deployment that names its holder');
    const caller = { ...peer, certified: true };
    known.set(socket, caller);
    return caller;
  };
}
