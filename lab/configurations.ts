import { join } from 'node:path';
import { familyOf } from '@sluice/model';
import type { BuiltNetwork } from './build.ts';
import { type Host, hostsRunning, interfacesOf, type Placement } from './topology.ts';

/** What a deployment may have otherwise. Every value is merged into that part's configuration file, folder by folder. */
export type Overrides = Partial<Record<Placement['part'], Readonly<Record<string, unknown>>>>;

/** The ports that the parts of the default lab serve on. */
export const partPorts = { portal: 8443, configurationApi: 8444, configurationUsp: 8445, mediaServer: 8446 } as const;

/** Where the parts of a deployment keep what they need. */
export interface DeploymentDirectories {
  /** Keys, configuration files, databases, sockets: one folder a host. Gone with the deployment. */
  readonly run: string;
  /** Made media; kept from one run to the next. */
  readonly cache: string;
}

/** The directory of one host's files. */
export function hostDirectory(directories: DeploymentDirectories, host: string): string {
  return join(directories.run, host);
}

/** The Unix socket of a gateway's household: `sluice gateway status --socket PATH`. */
export function householdSocket(directories: DeploymentDirectories, host: string): string {
  return join(hostDirectory(directories, host), 'household.socket');
}

/** The Unix socket of an appliance's screen: reachable from every namespace of the world. */
export function screenSocket(directories: DeploymentDirectories, host: string): string {
  return join(hostDirectory(directories, host), 'screen.socket');
}

/** `https://` address of a port on a host, over IPv4 or IPv6; where neither is named, over what the host has, IPv4 first. */
export function originOf(network: BuiltNetwork, host: string, port: number, family?: 4 | 6): string {
  return `https://${authorityOf(network, host, port, family)}`;
}

/** Where the configuration server's API is. */
export function apiOf(network: BuiltNetwork): string {
  return originOf(network, 'configuration', partPorts.configurationApi);
}

function authorityOf(network: BuiltNetwork, host: string, port: number, family?: 4 | 6): string {
  const main = network.addresses(host);
  const address = family ? network.address(host, family) : (main[4] ?? main[6] ?? '');
  return `${familyOf(address) === 6 ? `[${address}]` : address}:${port}`;
}

/** The configuration file of the part on a host of {@link homes}. */
export function configurationOf(
  host: Host & { readonly runs: Placement },
  network: BuiltNetwork,
  directories: DeploymentDirectories,
): Record<string, unknown> {
  const directory = hostDirectory(directories, host.name);
  const identity = directory;
  const names = (side: 'wan' | 'lan') =>
    interfacesOf(network.topology, host.name, side).map(({ interface: name }) => name);
  switch (host.runs.part) {
    case 'portal':
      return {
        identity,
        listen: { port: partPorts.portal },
        configurationServer: originOf(network, 'configuration', partPorts.configurationApi),
        mediaServers: [originOf(network, 'media', partPorts.mediaServer)],
      };
    case 'configuration-server':
      return {
        identity,
        api: { port: partPorts.configurationApi },
        usp: { port: partPorts.configurationUsp },
        database: join(directory, 'registrations.sqlite'),
      };
    case 'media-server':
      return {
        identity,
        listen: { port: partPorts.mediaServer },
        addresses: network.addresses(host.name),
        mediaDirectory: directories.cache,
      };
    case 'gateway':
      return {
        identity,
        interfaces: { wan: names('wan'), lan: names('lan') },
        ...(host.runs.translates === false && { translates: false }),
        controllers: hostsRunning(network.topology, 'configuration-server').map(({ name, runs }) => ({
          endpointId: runs.endpointId,
          url: `wss://${authorityOf(network, name, partPorts.configurationUsp)}/usp`,
        })),
        controlSocket: householdSocket(directories, host.name),
        state: directory,
        policy: {
          // What the device signed is shown to the gateway that it is behind: further out, there is the flow of its request.
          consent: host.runs.home === undefined ? 'preferred' : 'required',
          portalIds: hostsRunning(network.topology, 'portal').map(({ runs }) => runs.endpointId),
        },
      };
    case 'appliance':
      return {
        identity,
        portal: originOf(network, 'portal', partPorts.portal),
        listen: { socket: screenSocket(directories, host.name) },
      };
  }
}
