import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { peerIdentity, type Role } from '@sluice/identity';

/** Who asks. */
export interface Caller {
  /** Shown by a certificate in this very connection. */
  readonly certified: boolean;
  readonly endpointId: string;
  readonly role: Role;
}

/** Reads a connection's certificate once, however many requests come over it. */
export function callerReader(): (request: IncomingMessage) => Caller | undefined {
  const known = new WeakMap<object, Caller>();
  return ({ socket }) => {
    const before = known.get(socket);
    if (before) return before;
    const peer = peerIdentity(socket as TLSSocket);
    if (!peer) return undefined;
    const caller = { ...peer, certified: true };
    known.set(socket, caller);
    return caller;
  };
}
