import type { Family, IpAddress } from '@sluice/model';
import { familyOf, parsePrefix } from '@sluice/model';

/** A network of hosts as data: what is where, and what runs there. */
export interface Topology {
  readonly hosts: readonly Host[];
  readonly networks: readonly Network[];
}

/** One machine: a network namespace. */
export interface Host {
  /** Unique in its topology; becomes part of the namespace's name. */
  readonly name: string;
  /** Passes packets between its interfaces, both families. */
  readonly forwards?: boolean;
  readonly routes?: readonly Route[];
  /** The part that runs here, if one does. */
  readonly runs?: Placement;
}

/** Which part runs on a host, and under which endpoint id. */
export interface Placement {
  readonly part: 'gateway' | 'appliance' | 'portal' | 'configuration-server' | 'media-server';
  readonly endpointId: string;
  /** For an appliance and a gateway: the home they belong to. */
  readonly home?: string;
}

/** A route: `to` is "default" or a prefix. */
export interface Route {
  readonly to: string;
  readonly via: IpAddress;
}

/** Hosts that reach each other directly: two over a veth pair, more over a switch in a namespace of its own. */
export interface Network {
  readonly name: string;
  readonly members: readonly Attachment[];
}

/** A host's interface in a network. */
export interface Attachment {
  readonly host: string;
  /** At most 15 characters, unique on its host. */
  readonly interface: string;
  /** "address/length", both families, the first of a family being the host's main one. */
  readonly addresses: readonly string[];
}

/** A host of that name. Throws RangeError where there is none. */
export function hostOf(topology: Topology, name: string): Host {
  const host = topology.hosts.find((host) => host.name === name);
  if (!host) throw new RangeError(`no host ${name} in the topology`);
  return host;
}

/** A host's main address of a family, on `network` if one is named. Throws RangeError where it has none. */
export function addressOf(topology: Topology, host: string, family: Family, network?: string): IpAddress {
  for (const { name, members } of topology.networks) {
    if (network !== undefined && name !== network) continue;
    for (const member of members) {
      if (member.host !== host) continue;
      const address = member.addresses
        .map((text) => parsePrefix(text)?.address)
        .find((a) => a && familyOf(a) === family);
      if (address) return address;
    }
  }
  throw new RangeError(`host ${host} has no IPv${family} address${network === undefined ? '' : ` in ${network}`}`);
}

/** The hosts that run a part of one kind. */
export function hostsRunning(topology: Topology, part: Placement['part']): readonly (Host & { runs: Placement })[] {
  return topology.hosts.filter((host): host is Host & { runs: Placement } => host.runs?.part === part);
}
