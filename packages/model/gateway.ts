import type { Family, IpAddress, Prefix } from './address.ts';
import type { Evidence } from './discovery.ts';
import type { GatewayType } from './gateway-type.ts';

/** A home with several ways in: gateways that are registered with the same id, each spoken to in its own way. */
export interface HomePlace {
  readonly homeId: string;
  /** Global addresses that the home is at, as an operator knows them. */
  readonly at: readonly Prefix[];
}

/** A gateway as the registration database knows it. */
export interface Gateway {
  /** USP endpoint id for agents (TR-369 2.2), else a name of ours. */
  readonly gatewayId: string;
  readonly type: GatewayType;
  /** Type-specific communication information: addresses, ports, references to secrets. */
  readonly communication: Readonly<Record<string, string>>;
  /** The gateway that it is itself behind: the next hop outward. Left out, there is none that is ours to set up. */
  readonly behind?: string;
  /** The home that it is one registered way into; left out, it is the only way that is known. */
  readonly home?: HomePlace;
  /** Why it is believed; left out, an operator registered it. */
  readonly evidence?: Evidence;
}

/** What a gateway said of its own addresses when last looked at. */
export interface GatewayAddresses {
  readonly global: readonly IpAddress[];
  /** Networks of the home behind it, IPv4 and IPv6. */
  readonly local: readonly Prefix[];
  /** The gateway's own addresses inside the home: never a target. */
  readonly own: readonly IpAddress[];
}

/** What a gateway type can express. Planners and documents read it. */
export interface Traits {
  readonly families: readonly (4 | 6)[];
  /** IPv4 addresses pass unchanged: it only admits. An opening's global endpoint is its local one. Left out: it translates. */
  readonly translates?: false;
  readonly sourceAddress: boolean;
  readonly sourcePort: boolean;
  readonly streamTypes: boolean;
  /** Openings may be of these IP protocols too, beside TCP and UDP. Left out, of none. */
  readonly protocols?: readonly ('sctp' | 'esp')[];
  /** Kernel-held leases, in whole seconds; undefined: none, the controller must close. */
  readonly lease?: { readonly leastSeconds: number; readonly mostSeconds: number };
  /** Renewing takes an opening out for a moment, which costs a running stream packets: it is renewed rarely. */
  readonly renewalDisturbs?: true;
  /** Several openings in one step: all or none. */
  readonly atomic: boolean;
  /** The positive answer comes after a read-back; no look is needed. */
  readonly ackMeansHeld: boolean;
  readonly listsWhatItHolds: boolean;
  /** After a revoke the next packet is dropped, also of a running flow. */
  readonly revokeStopsRunning: boolean;
  readonly keepsNarrowingOverRestart: boolean;
  /** What the device sends from a mapped port leaves from the mapped global port. */
  readonly symmetricSource: boolean;
  /** One global port may serve several remote endpoints at once. */
  readonly sharedGlobalPort: boolean;
  /** RTP and RTCP as an even port and the next. */
  readonly portGroups: boolean;
  /** Can find the device from the flow of its request. */
  readonly findsDevice: boolean;
  /** Tells the media server itself that the openings hold. Left out: it does not. */
  readonly startsMedia?: true;
  /** Ways to agree on a global port that the type supports. */
  readonly portAgreement: readonly ('list-free' | 'propose' | 'pick')[];
  /** What is different for IPv6: pinholes are another thing than port mappings. */
  readonly ipv6?: Partial<Omit<Traits, 'families' | 'ipv6'>>;
}

/** What can be expressed for openings of one family. */
export function traitsFor(traits: Traits, family: Family): Traits {
  return family === 6 && traits.ipv6 ? { ...traits, ...traits.ipv6 } : traits;
}
