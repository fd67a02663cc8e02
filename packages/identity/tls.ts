import { X509Certificate } from 'node:crypto';
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
  const certificate = peerCertificate(socket);
  return certificate && readSubject(certificate);
}

/** The certificate that the other end showed, trusted or not; undefined where it showed none. */
export function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  // Node's getPeerX509Certificate gives it to a client once, and takes it away from every later call.
  const shown = socket.getPeerCertificate() as { raw?: Buffer } | null;
  return shown?.raw && new X509Certificate(shown.raw);
}
