import type { Family, IpAddress } from '@sluice/model';
import { familyOf } from '@sluice/model';
import { run } from './run.ts';
import { addressesOf, addressOf, type Host, hostsWithin, machineOf, type Network, type Topology } from './topology.ts';
import { insideWorld } from './world.ts';

/** A topology laid out in the kernel. Disposing takes its namespaces down; the world's end does so anyway. */
export interface BuiltNetwork extends AsyncDisposable {
  readonly topology: Topology;
  /** The network namespace of a host, a path for nsenter and setns(2). */
  namespace(host: string): string;
  /** A host's main address of a family; see {@link addressOf}. */
  address(host: string, family: Family, network?: string): IpAddress;
  /** A host's main addresses; see {@link addressesOf}. */
  addresses(host: string): Partial<Readonly<Record<Family, IpAddress>>>;
}

/**
 * Lays a topology out: namespaces, links, addresses, routes, forwarding. Usable when it resolves: no duplicate address
 * detection or bridge learning delay is outstanding. `prefix` keeps several apart in one world: 1..8 of a-z 0-9.
 * Throws an Error outside a world.
 */
export async function buildNetwork(topology: Topology, prefix: string, signal: AbortSignal): Promise<BuiltNetwork> {
  if (!insideWorld()) throw new Error('networks are laid out inside a world only; see lab/world.ts');
  const machines = topology.hosts.filter(({ within }) => within === undefined);
  const wires = topology.networks.map((network) => wiring(topology, network));
  const switches = wires.filter(hasSwitch).map((network) => switchName(network));
  const names = [...machines.map((host) => host.name), ...switches];
  const namespace = (name: string): string => `${prefix}-${name}`;
  const dispose = async (): Promise<void> => {
    await run(
      ['ip', '-force', '-batch', '-'],
      AbortSignal.timeout(10_000),
      lines(names.map((n) => `netns del ${namespace(n)}`)),
    ).catch(() => {});
  };
  try {
    await run(['ip', '-batch', '-'], signal, lines(names.map((name) => `netns add ${namespace(name)}`)));
    await Promise.all(names.map((name) => tune(namespace(name), topology, name, signal)));
    await run(['ip', '-batch', '-'], signal, lines(wires.flatMap((network) => links(network, namespace))));
    await Promise.all([
      ...wires
        .filter(hasSwitch)
        .map((network) => inside(namespace(switchName(network)), bringUpSwitch(network), signal)),
      ...machines.map((host) => inside(namespace(host.name), bringUpHost(topology, host), signal)),
    ]);
    await Promise.all(machines.map((host) => filter(namespace(host.name), host, signal)));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    topology,
    namespace: (host) => `/run/netns/${namespace(machineOf(topology, host).name)}`,
    address: (host, family, network) => addressOf(topology, host, family, network),
    addresses: (host) => addressesOf(topology, host),
    [Symbol.asyncDispose]: dispose,
  };
}

/** A network with the machines alone: who is within one has no wire of its own. */
function wiring(topology: Topology, network: Network): Network {
  const members = network.members.filter(({ host }) => machineOf(topology, host).name === host);
  return { ...network, members };
}

const hasSwitch = (network: Network): boolean => network.members.length !== 2;
const switchName = (network: Network): string => `switch-${network.name}`;
const lines = (commands: readonly string[]): string => `${commands.join('\n')}\n`;

/** Settings that hold for interfaces to come, so they are made before any link. */
async function tune(namespace: string, topology: Topology, name: string, signal: AbortSignal): Promise<void> {
  const forwards = topology.hosts.some((host) => host.name === name && host.forwards);
  const settings: Record<string, string> = {
    // A fresh address is usable at once; nobody else could have it.
    'ipv6/conf/default/accept_dad': '0',
    'ipv6/conf/default/dad_transmits': '0',
    'ipv6/conf/default/accept_ra': '0',
    'ipv4/conf/all/rp_filter': '0',
    'ipv4/conf/default/rp_filter': '0',
    // A media server dials from a stream's fixed port: the same pair of ports may come again within the minute.
    'ipv4/tcp_tw_reuse': '1',
    ...(forwards ? { 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1' } : {}),
  };
  const script = Object.entries(settings).map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`);
  await run(['nsenter', `--net=/run/netns/${namespace}`, 'sh', '-ec', script.join('\n')], signal);
}

function links(network: Network, namespace: (name: string) => string): string[] {
  const [one, two] = network.members;
  if (!hasSwitch(network) && one && two) {
    const peer = `peer name ${two.interface} netns ${namespace(two.host)}`;
    return [`link add ${one.interface} netns ${namespace(one.host)} type veth ${peer}`];
  }
  return network.members.map(
    (member, index) =>
      `link add ${member.interface} netns ${namespace(member.host)} ` +
      `type veth peer name port${index} netns ${namespace(switchName(network))}`,
  );
}

function bringUpSwitch(network: Network): string[] {
  const ports = network.members.map((_, index) => `port${index}`);
  return [
    'link add switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set switch up',
    ...ports.flatMap((port) => [`link set ${port} master switch`, `link set ${port} up`]),
  ];
}

function bringUpHost(topology: Topology, host: Host): string[] {
  const hosts = hostsWithin(topology, host.name);
  const attached = topology.networks.flatMap((network) =>
    network.members.filter((member) => hosts.some(({ name }) => name === member.host)),
  );
  const routes = new Set(hosts.flatMap((each) => each.routes ?? []).map(({ to, via }) => `route add ${to} via ${via}`));
  return [
    'link set lo up',
    ...attached.flatMap((member) => [
      `link set ${member.interface} up`,
      ...member.addresses.map(
        (address) => `addr add ${address} dev ${member.interface}${familyOf(address) === 6 ? ' nodad' : ''}`,
      ),
    ]),
    ...routes,
  ];
}

async function filter(namespace: string, { rules }: Host, signal: AbortSignal): Promise<void> {
  if (rules) await run(['nsenter', `--net=/run/netns/${namespace}`, 'nft', '-f', '-'], signal, rules);
}

function inside(namespace: string, commands: readonly string[], signal: AbortSignal): Promise<string> {
  return run(['ip', '-n', namespace, '-batch', '-'], signal, lines(commands));
}
