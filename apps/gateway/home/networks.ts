import { familyOf, type IpAddress, type Prefix } from '@sluice/model';

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

/** TR-181 table of the configured interfaces; instance i is `interfaces[i - 1]`. */
export const interfaceTable = 'Device.IP.Interface.';

/** The interface that "Device.IP.Interface.1" names; undefined for none of ours. */
export function findInterface(networks: Networks, reference: string): GatewayInterface | undefined {
  const number = /^Device\.IP\.Interface\.(\d{1,5})$/.exec(reference)?.[1];
  return networks.interfaces[Number(number) - 1];
}

/** The address that streams are sent to and requests come from: the interface's first of the family. */
export function globalAddress(found: GatewayInterface, family: 4 | 6): IpAddress | undefined {
  return found.addresses.find(({ address }) => familyOf(address) === family)?.address;
}
