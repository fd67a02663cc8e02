import type { Endpoint, IpAddress } from '@sluice/model';

/** Where a gateway takes requests. */
export interface PortControlServer extends Endpoint {
  /** The interface towards it; a link-local address means nothing without. */
  readonly interface?: string;
}

/** What comes of a socket. */
export interface UdpListener {
  /** A datagram from the server, and from nobody else. */
  message(bytes: Uint8Array): void;
  /** The server's host said that nothing listens there (ICMP), or the way to it is gone. */
  refused(reason: string): void;
}

/** A socket towards one server. Disposing closes it: nothing is heard of it afterwards. */
export interface UdpSocket extends Disposable {
  /** This end, as the server sees it where nothing translates in between. */
  readonly local: Endpoint;
  send(bytes: Uint8Array): void;
}

/** Why there is no socket: `local` is no address of this machine, or nothing leads to the server. */
export interface UdpFailure {
  readonly failed: 'not-ours' | 'no-way';
  readonly reason: string;
}

/** UDP, as exchanges need it. */
export interface Udp {
  /** A new socket, on a port of its own, towards `server`; from `local` where that is given. */
  open(server: PortControlServer, local: IpAddress | undefined, listener: UdpListener): Promise<UdpSocket | UdpFailure>;
}
