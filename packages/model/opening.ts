import type { Endpoint, IpAddress, Port } from './address.ts';
import type { Instant } from './clock.ts';
import type { PromiseName } from './holding.ts';
import type { RequestFlow, StartNotice } from './request.ts';
import type { StreamType } from './stream.ts';

/** Consecutive global ports: offset 0 is even, offset 1 the next (RTP and RTCP, RFC 3550 11). */
export interface PortGroup {
  /** Unique within one change; 1..32 of A-Z a-z 0-9 - */
  readonly name: string;
  readonly offset: 0 | 1;
}

/** One permitted path into a home, as its controller wants it: a port mapping (IPv4) or a pinhole (IPv6). */
export interface Opening {
  /** Made by the controller, unique for ever: a letter, then up to 62 of A-Z a-z 0-9 - (it becomes the USP Alias). */
  readonly id: string;
  readonly streamType: StreamType;
  /** Enforced by the gateway where known; `rtp` only. */
  readonly payloadType?: number;
  /** Who may send; without a port, any port of that address. */
  readonly remote: { readonly address: IpAddress; readonly port?: Port };
  /** IPv4: the port on the gateway's global address; left out, the gateway picks. IPv6: equals the local port. */
  readonly globalPort?: Port;
  readonly portGroup?: PortGroup;
  /** The device; without an address, the gateway finds it from `flow`. */
  readonly local: { readonly address?: IpAddress; readonly port: Port };
  readonly flow?: RequestFlow;
  /** The device's signature over its request, for a gateway that checks it. */
  readonly consent?: string;
  /** Whom a gateway that can (Traits.startsMedia) tells that it holds this; openings of one change have the same. */
  readonly start?: StartNotice;
  /** Packets pass until then and not after. */
  readonly until: Instant;
  /** What the deployment's policy lets this opening lack, where the gateway cannot do it; left out, nothing. */
  readonly mayLack?: readonly PromiseName[];
}

/** An opening that a gateway holds. */
export interface GrantedOpening extends Opening {
  /** Where the remote endpoint sends to: the gateway's global address and port, or the device's own for IPv6. */
  readonly global: Endpoint;
  readonly globalPort: Port;
  readonly local: Endpoint;
  /**
   * What this gateway does not hold of it, though gateways of its type can (Traits): a source filter that it does not
   * take, a lease that it does not keep. Nothing beyond `mayLack`. `remote` stays what was asked.
   */
  readonly lacks?: readonly PromiseName[];
}

/** What has passed through an opening, both directions, after the type check. */
export interface OpeningCounters {
  readonly packets: number;
  readonly bytes: number;
}
