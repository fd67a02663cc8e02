import type { TLSSocket } from 'node:tls';
import { type Identity, readSubject } from './identity.ts';
import type { Role } from './role.ts';

/** TLS options of a server that lets in only holders of this deployment's certificates. */
export function serverTls(identity: Identity) {
  return { ...clientTls(identity), requestCert: true, rejectUnauthorized: true } as const;
}

/**
 * TLS options of a client that trusts only this deployment's CA and shows its own certificate. Each read gives what
 * `identity` holds then: whoever reads them at each dial shows the certificate of the day.
 */
export function clientTls(identity: Identity) {
  return {
    get ca() {
      return identity.caPem;
    },
    get cert() {
      return identity.certPem;
    },
    get key() {
      return identity.keyPem;
    },
    minVersion: 'TLSv1.3',
  } as const;
}

/** Who is at the other end; undefined where no verified certificate names one. */
export function peerIdentity(socket: TLSSocket): { endpointId: string; role: Role } | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && readSubject(certificate);
}
