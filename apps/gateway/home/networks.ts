import type { IpAddress, Prefix } from '@sluice/model';

/** Which way an interface faces. */
export type Side = 'wan' | 'lan';

/** One address of an interface. */
export interface InterfaceAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Given by DHCP or router advertisement, not by configuration. */
  readonly dynamic: boolean;
  /** Seconds left when it was read; undefined: for ever. */
  readonly validSeconds?: number;
  readonly preferredSeconds?: number;
}

/** One configured interface of the gateway, present or not. */
export interface GatewayInterface {
  readonly name: string;
  readonly side: Side;
  readonly up: boolean;
  readonly mtu: number;
  /** Without link-local ones. */
  readonly addresses: readonly InterfaceAddress[];
}

/** The gateway's networks and addresses at one moment. Frozen data. */
export interface Networks {
  /** WAN first, then LAN, each in the order of the configuration. */
  readonly interfaces: readonly GatewayInterface[];
  /** Networks of the home: the prefixes of the LAN interfaces' addresses. */
  readonly local: readonly Prefix[];
  /** Every address of this machine, on whatever interface. */
  readonly own: ReadonlySet<IpAddress>;
}

/** Before anything is known: no interface, no address. */
export const noNetworks: Networks = { interfaces: [], local: [], own: new Set() };
