import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { peerCertificate, peerIdentity, readSubject } from '@sluice/identity';
import type { ConnectionEnds } from '@sluice/io';
import { type Family, familyOf, type RequestFlow } from '@sluice/model';

/** Who asks, and over which flow the question came. */
export interface Caller {
  readonly endpointId: string;
  readonly role: 'appliance' | 'operator';
  readonly flow: RequestFlow;
  /** The verified one that names the caller. */
  readonly certificate?: X509Certificate | undefined;
}

/** How callers are told apart. */
export interface CallerGround {
  /** The ends of a connection, as a proxy in front told them where there is one. */
  endsOf(socket: IncomingMessage['socket']): ConnectionEnds | undefined;
  /** Whether a certificate that a proxy saw is of this deployment, and counts now. */
  counts(certificate: X509Certificate): boolean;
}

/**
 * The caller of an API request; undefined unless a verified certificate names an appliance or an operator. A proxy that
 * ends TLS itself shows a portal's certificate, and hands on the caller's in `Client-Cert` (RFC 9440 2.1).
 */
export function callerOf(request: IncomingMessage, { endsOf, counts }: CallerGround): Caller | undefined {
  const socket = request.socket as TLSSocket;
  const ends = endsOf(socket);
  const shown = peerIdentity(socket);
  if (!ends || !shown) return undefined;
  const certificate =
    ends.proxied && shown.role === 'portal'
      ? handedOn(request.headers['client-cert'])
      : socket.getPeerX509Certificate();
  const peer = ends.proxied && shown.role === 'portal' ? certificate && counted(certificate, counts) : shown;
  if (!peer || (peer.role !== 'appliance' && peer.role !== 'operator')) return undefined;
  const flow = { portal: ends.local, observed: ends.remote };
  return { endpointId: peer.endpointId, role: peer.role, flow, certificate };
}

/**
 * A device that shows no certificate, known by nothing but where it asks from: `device:<address>`. Undefined where it
 * showed one that does not count.
 */
export function unnamedCaller(request: IncomingMessage, { endsOf }: Pick<CallerGround, 'endsOf'>): Caller | undefined {
  const socket = request.socket as TLSSocket;
  const ends = endsOf(socket);
  const hidden = ends?.proxied ? request.headers['client-cert'] : peerCertificate(socket);
  if (!ends || hidden !== undefined) return undefined;
  const { local: portal, remote: observed } = ends;
  return { endpointId: `device:${observed.address}`, role: 'appliance', flow: { portal, observed } };
}

/** The IP version that a request came over. */
export function familyOfRequest(request: IncomingMessage, { endsOf }: Pick<CallerGround, 'endsOf'>): Family {
  return familyOf(endsOf(request.socket)?.remote.address ?? '');
}

function counted(certificate: X509Certificate, counts: CallerGround['counts']) {
  return counts(certificate) ? readSubject(certificate) : undefined;
}

/** A structured field that is one byte sequence (RFC 8941 3.3.5): DER. Several headers, or none, hand on nothing. */
function handedOn(header: string | string[] | undefined): X509Certificate | undefined {
  const base64 = typeof header === 'string' ? /^:([A-Za-z0-9+/]+={0,2}):$/.exec(header)?.[1] : undefined;
  if (base64 === undefined) return undefined;
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}
