import type { Family, GatewayType, IpAddress } from '@sluice/model';
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
  /** What its packet filter holds beside what a part of ours puts there, for `nft -f`. */
  readonly rules?: string;
  /** The part that runs here, if one does. */
  readonly runs?: Placement;
  /** It is but a name for addresses and a part of that host: of one machine, and of one process with the part there. */
  readonly within?: string;
}

/** Which part runs on a host, and under which endpoint id. */
export interface Placement {
  readonly part: 'gateway' | 'appliance' | 'portal' | 'configuration-server' | 'media-server';
  readonly endpointId: string;
  /** For an appliance, and for the gateway that it is behind: the home they belong to. */
  readonly home?: string;
  /** For a gateway: what stands there, where it is not our agent. */
  readonly type?: Exclude<GatewayType, 'sluice'>;
  /** For a gateway: it admits, and leaves IPv4 addresses as they are. */
  readonly translates?: false;
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
  const address = findAddress(topology, host, family, network);
  if (address) return address;
  throw new RangeError(`host ${host} has no IPv${family} address${network === undefined ? '' : ` in ${network}`}`);
}

function findAddress(topology: Topology, host: string, family: Family, network?: string): IpAddress | undefined {
  for (const { name, members } of topology.networks) {
    if (network !== undefined && name !== network) continue;
    for (const member of members) {
      if (member.host !== host) continue;
      const [address] = addressesIn(member, family);
      if (address) return address;
    }
  }
  return undefined;
}

function addressesIn({ addresses }: Attachment, family: Family): readonly IpAddress[] {
  return addresses
    .flatMap((text) => parsePrefix(text)?.address ?? [])
    .filter((address) => familyOf(address) === family);
}

/** A host's main address of each family that it has. Throws RangeError where it has none at all. */
export function addressesOf(topology: Topology, host: string): Partial<Readonly<Record<Family, IpAddress>>> {
  const [four, six] = ([4, 6] as const).map((family) => findAddress(topology, host, family));
  if (!four && !six) throw new RangeError(`host ${host} has no address`);
  return { ...(four && { 4: four }), ...(six && { 6: six }) };
}

/** The machine that a host is, or is within. Throws RangeError where there is none. */
export function machineOf(topology: Topology, name: string): Host {
  const host = hostOf(topology, name);
  return host.within === undefined ? host : hostOf(topology, host.within);
}

/** The hosts that are this machine: itself, and those within it. */
export function hostsWithin(topology: Topology, machine: string): readonly Host[] {
  return topology.hosts.filter((host) => host.name === machine || host.within === machine);
}

/** The same, with the parts on these hosts in one process, on the first one's machine; each keeps its addresses. */
export function together(topology: Topology, names: readonly string[]): Topology {
  const [machine, ...others] = names;
  const hosts = topology.hosts.map((host) =>
    machine !== undefined && others.includes(host.name) ? { ...host, within: machine } : host,
  );
  return { ...topology, hosts };
}

/** The hosts that run a part of one kind. */
export function hostsRunning(topology: Topology, part: Placement['part']): readonly (Host & { runs: Placement })[] {
  return topology.hosts.filter((host): host is Host & { runs: Placement } => host.runs?.part === part);
}

/** A gateway's main address of a family on one side. Throws RangeError where it has none. */
export function addressFacing(topology: Topology, gateway: string, side: 'wan' | 'lan', family: Family): IpAddress {
  const [address] = addressesFacing(topology, gateway, side, family);
  if (address) return address;
  throw new RangeError(`host ${gateway} has no IPv${family} address on its ${side} side`);
}

/** A gateway's addresses of a family on one side. */
export function addressesFacing(
  topology: Topology,
  gateway: string,
  side: 'wan' | 'lan',
  family: Family,
): readonly IpAddress[] {
  return interfacesOf(topology, gateway, side).flatMap((member) => addressesIn(member, family));
}

/** The interfaces of a gateway that face one way: those whose names begin with it. */
export function interfacesOf(topology: Topology, gateway: string, side: 'wan' | 'lan'): readonly Attachment[] {
  return topology.networks.flatMap(({ members }) =>
    members.filter((member) => member.host === gateway && member.interface.startsWith(side)),
  );
}

/**
 * The boxes between a host and the internet, the nearest first: whoever has the address that its default route names in
 * a network of its own, and so on.
 */
export function wayOut(topology: Topology, host: string): readonly Host[] {
  const via = hostOf(topology, host).routes?.find(({ to }) => to === 'default')?.via;
  if (via === undefined) return [];
  const next = topology.networks
    .filter(({ members }) => members.some((member) => member.host === host))
    .flatMap(({ members }) => members)
    .find(({ addresses }) => addresses.some((text) => parsePrefix(text)?.address === via));
  return next ? [hostOf(topology, next.host), ...wayOut(topology, next.host)] : [];
}

/** The gateways of ours to set up among {@link wayOut}. */
export function pathOf(topology: Topology, host: string): readonly (Host & { runs: Placement })[] {
  return wayOut(topology, host).filter((box): box is Host & { runs: Placement } => box.runs?.part === 'gateway');
}
