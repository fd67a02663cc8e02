import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { peerIdentity } from '@sluice/identity';
import { type Endpoint, type Family, familyOf, parseIpAddress, type RequestFlow } from '@sluice/model';

/** Who asks, and over which flow the question came. */
export interface Caller {
  readonly endpointId: string;
  readonly role: 'appliance' | 'operator';
  readonly flow: RequestFlow;
  /** The verified one that names the caller. */
  readonly certificate?: X509Certificate | undefined;
}

/** The caller of an API request; undefined unless a verified certificate names an appliance or an operator. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  const socket = request.socket as TLSSocket;
  const peer = peerIdentity(socket);
  const flow = flowOf(socket);
  if (!peer || !flow || (peer.role !== 'appliance' && peer.role !== 'operator')) return undefined;
  return { endpointId: peer.endpointId, role: peer.role, flow, certificate: socket.getPeerX509Certificate() };
}

/** The IP version that a request came over. */
export function familyOfRequest(request: IncomingMessage): Family {
  return familyOf(flowOf(request.socket)?.observed.address ?? '');
}

function flowOf(socket: IncomingMessage['socket']): RequestFlow | undefined {
  const portal = endpoint(socket.localAddress, socket.localPort);
  const observed = endpoint(socket.remoteAddress, socket.remotePort);
  return portal && observed && { portal, observed };
}

function endpoint(text: string | undefined, port: number | undefined): Endpoint | undefined {
  const address = text === undefined ? undefined : parseIpAddress(text);
  return address === undefined || port === undefined ? undefined : { address, port };
}
