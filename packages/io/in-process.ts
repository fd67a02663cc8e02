import { X509Certificate } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Opens a connection to a server of this process, as whoever shows that certificate (PEM). */
export type InProcessDoor = (certificatePem: string) => TLSSocket;

/**
 * A connection within this process. Each end is to its holder what a connection over mutual TLS is, with the other one's
 * certificate verified; nothing is encrypted, as nothing leaves the process.
 */
export function inProcessConnection(
  clientPem: string,
  serverPem: string,
): { readonly client: TLSSocket; readonly server: TLSSocket } {
  const [client, server] = duplexPair();
  // Whoever is gone is gone at both ends, as on a network.
  client.once('close', () => server.destroy());
  server.once('close', () => client.destroy());
  return { client: showing(client, serverPem), server: showing(server, clientPem) };
}

/** An end whose other end showed this certificate. What a plain stream lacks of a TLS socket, nobody asks of it here. */
function showing(end: Duplex, pem: string): TLSSocket {
  const certificate = new X509Certificate(pem);
  return Object.assign(end, {
    encrypted: true,
    authorized: true,
    getPeerCertificate: () => ({ raw: certificate.raw }),
    getPeerX509Certificate: () => certificate,
  }) as unknown as TLSSocket;
}

/** The servers of one process that its other parts reach in memory, by role. A part finds one whenever it asks it. */
export class PartsBeside {
  readonly #doors = new Map<string, InProcessDoor>();

  /** Others reach a part through `door` until what is returned is disposed of. */
  open(role: string, door: InProcessDoor): Disposable {
    this.#doors.set(role, door);
    return { [Symbol.dispose]: () => void this.#doors.delete(role) };
  }

  /** A door to whatever stands there when it is used. It throws an Error while nothing does. */
  to(role: string): InProcessDoor {
    return (certificatePem) => {
      const door = this.#doors.get(role);
      if (!door) throw new Error(`no ${role} serves in this process`);
      return door(certificatePem);
    };
  }
}

/**
 * How to reach a part: at `https://host:port`, or `beside` this one. Throws an Error where it is to be beside and this
 * part runs by itself.
 */
export function placeOf(
  place: string,
  role: string,
  parts: PartsBeside | undefined,
): { readonly origin: string; readonly door?: InProcessDoor } {
  if (place !== 'beside') return { origin: place };
  if (parts) return { origin: `https://${role}`, door: parts.to(role) };
  throw new Error(`the ${role} is to be in this process: run both with sluice parts run, or say where it is`);
}
