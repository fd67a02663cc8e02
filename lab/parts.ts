import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority, type Role, writeIdentity } from '@sluice/identity';
import type { BuiltNetwork } from './build.ts';
import {
  configurationOf,
  type DeploymentDirectories,
  hostDirectory,
  type Overrides,
  originOf,
  partPorts,
} from './configurations.ts';
import type { ForeignGateway, GatewayRow } from './foreign/gateway-row.ts';
import { type Operator, seatOperator } from './operator.ts';
import { type HostProcess, startOnHost } from './process.ts';
import { run } from './run.ts';
import { type Host, hostOf, hostsRunning, type Placement } from './topology.ts';

/** The parts of a topology, running, registered, each its own process on its host. Disposing stops all. */
export interface Deployment extends AsyncDisposable {
  readonly network: BuiltNetwork;
  readonly directories: DeploymentDirectories;
  /** Seated beside the configuration server. */
  readonly operator: Operator;
  /** The process of the part on a host. Throws RangeError where none was started. */
  part(host: string): HostProcess;
  /** Starts the part on a host: an appliance's screen, or a part that has ended, with the configuration it had. */
  start(host: string, signal: AbortSignal): Promise<HostProcess>;
  /** What stands on a gateway's host in place of our agent; undefined where our agent does. */
  foreign(host: string): ForeignGateway | undefined;
  /** Runs `sluice ARGS` on a host to its end and gives back its stdout. */
  sluice(host: string, args: readonly string[], signal: AbortSignal): Promise<string>;
}

/** How to deploy. */
export interface DeploymentOptions {
  readonly overrides?: Overrides;
  /** What stands in the homes in place of our agent. */
  readonly gateway?: GatewayRow | undefined;
  /** Where made media are kept; a new directory that goes with the deployment where left out. */
  readonly cache?: string;
  /** Told what happens, a sentence each. */
  readonly progress?: (sentence: string) => void;
  /** What starts a part, where that is not its command alone: another user's right, say. Its directory is written. */
  readonly launch?: (host: Host, command: readonly string[]) => readonly string[];
}

const commandLine = join(import.meta.dirname, '../apps/cli/main.ts');

/**
 * Issues certificates, writes configuration files, starts the parts and registers homes and appliances. Usable when
 * it resolves: every gateway is connected. Appliances' screens are not started. Rejects with the last lines of a part that does not start.
 */
export async function deploy(
  network: BuiltNetwork,
  options: DeploymentOptions,
  signal: AbortSignal,
): Promise<Deployment> {
  const progress = options.progress ?? (() => {});
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const directories = { run: directory, cache: options.cache ?? join(directory, 'media') };
  const { topology } = network;
  const hosts = topology.hosts.filter((host): host is Host & { runs: Placement } => host.runs !== undefined);
  await mkdir(directories.cache, { recursive: true });
  await issueIdentities(network, directories, hosts);
  const { gateway, overrides = {} } = options;
  const configurations = gateway ? besides(overrides, gateway) : overrides;
  for (const host of hosts) await writeConfiguration(network, directories, host, configurations);

  const running = new Map<string, HostProcess>();
  const configurationFile = (host: string): string => join(hostDirectory(directories, host), 'configuration.json');
  const start = async (host: string, until: AbortSignal): Promise<HostProcess> => {
    const placed = hostOf(topology, host);
    const { runs } = placed;
    // An appliance's part that stays is its screen.
    const args = [runs?.part ?? '', runs?.part === 'appliance' ? 'screen' : 'run', '--config', configurationFile(host)];
    const command = sluiceCommand(args);
    const started = await startOnHost(
      {
        name: `${runs?.part} on ${host}`,
        namespace: network.namespace(host),
        command: options.launch?.(placed, command) ?? command,
      },
      until,
    );
    running.set(host, started);
    return started;
  };
  stack.defer(async () => {
    await Promise.all([...running.values()].map((process) => process.stop()));
  });
  const startAll = async (part: Placement['part']): Promise<void> => {
    await Promise.all(hostsRunning(topology, part).map((host) => start(host.name, signal)));
  };

  progress('starting configuration server, media server and portal');
  await Promise.all([startAll('configuration-server'), startAll('media-server'), startAll('portal')]);
  const operator = stack.use(seatOperator(network.namespace('configuration'), join(directories.run, 'operator')));
  await register(network, operator, gateway, signal);
  progress('starting the gateways');
  const foreign = new Map<string, ForeignGateway>();
  if (gateway)
    for (const { name } of hostsRunning(topology, 'gateway'))
      foreign.set(name, stack.use(await gateway.start(network, name, signal, hostDirectory(directories, name))));
  else {
    await startAll('gateway');
    await awaitGateways(network, operator, signal);
  }
  const owned = stack.move();
  return {
    network,
    directories,
    operator,
    part(host) {
      const process = running.get(host);
      if (!process) throw new RangeError(`no part was started on ${host}`);
      return process;
    },
    start,
    foreign: (host) => foreign.get(host),
    sluice: (host, args, until) =>
      run(['nsenter', `--net=${network.namespace(host)}`, '--', ...sluiceCommand(args)], until),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The command line that runs `sluice ARGS` with this Node. */
export function sluiceCommand(args: readonly string[]): string[] {
  return [process.execPath, commandLine, ...args];
}

/** Where the configuration server's API is. */
export function apiOf(network: BuiltNetwork): string {
  return originOf(network, 'configuration', partPorts.configurationApi);
}

async function issueIdentities(
  network: BuiltNetwork,
  directories: DeploymentDirectories,
  hosts: readonly (Host & { runs: Placement })[],
): Promise<void> {
  const authority = await openAuthority(join(directories.run, 'authority'));
  const issue = async (place: string, endpointId: string, role: Role, names: readonly string[]): Promise<void> =>
    writeIdentity(hostDirectory(directories, place), await authority.issue({ endpointId, role, names, days: 1 }));
  for (const { name, runs } of hosts)
    await issue(name, runs.endpointId, runs.part, [network.address(name, 4), network.address(name, 6)]);
  await issue('operator', 'self::operator-1', 'operator', []);
}

async function writeConfiguration(
  network: BuiltNetwork,
  directories: DeploymentDirectories,
  host: Host & { runs: Placement },
  overrides: Overrides,
): Promise<void> {
  const configuration = merge(configurationOf(host, network, directories), overrides[host.runs.part] ?? {});
  const file = join(hostDirectory(directories, host.name), 'configuration.json');
  await writeFile(file, JSON.stringify(configuration, undefined, 2));
}

/** The same, with a policy that lets openings lack these promises. */
function besides(overrides: Overrides, { weaker, server = {} }: GatewayRow): Overrides {
  const part = 'configuration-server';
  const ofGateway = { ...server, ...(weaker && { weaker }) };
  return { ...overrides, [part]: { ...merge(ofGateway, overrides[part] ?? {}) } };
}

function merge(into: Readonly<Record<string, unknown>>, from: Readonly<Record<string, unknown>>): object {
  const isFolder = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged: Record<string, unknown> = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const before = merged[key];
    merged[key] = isFolder(before) && isFolder(value) ? merge(before, value) : value;
  }
  return merged;
}

async function register(
  network: BuiltNetwork,
  operator: Operator,
  row: GatewayRow | undefined,
  signal: AbortSignal,
): Promise<void> {
  const put = async (path: string, json: unknown): Promise<void> => {
    const { status, body } = await operator.ask('PUT', `${apiOf(network)}/v1/${path}`, json, signal);
    if (status >= 300) throw new Error(`registering ${path}: ${status} ${JSON.stringify(body)}`);
  };
  const remotes = hostsRunning(network.topology, 'media-server').flatMap(({ name }) => [
    network.address(name, 4),
    network.address(name, 6),
  ]);
  for (const { runs } of hostsRunning(network.topology, 'portal'))
    await put(`portals/${encodeURIComponent(runs.endpointId)}`, { remotes });
  const gateways = hostsRunning(network.topology, 'gateway');
  for (const { name, runs } of gateways) {
    const known = row ? { type: row.type, communication: row.communication(network, name) } : { type: 'sluice' };
    await put(`gateways/${encodeURIComponent(runs.endpointId)}`, known);
  }
  for (const { runs } of hostsRunning(network.topology, 'appliance')) {
    const gatewayId = gateways.find((gateway) => gateway.runs.home === runs.home)?.runs.endpointId;
    await put(`appliances/${encodeURIComponent(runs.endpointId)}`, { gatewayId });
  }
}

/** Waits until the configuration server knows every gateway's global addresses. */
async function awaitGateways(network: BuiltNetwork, operator: Operator, signal: AbortSignal): Promise<void> {
  for (const { runs } of hostsRunning(network.topology, 'gateway'))
    for (;;) {
      const url = `${apiOf(network)}/v1/gateways/${encodeURIComponent(runs.endpointId)}`;
      const { body } = await operator.ask('GET', url, undefined, signal);
      const view = body as { online?: boolean; global?: readonly string[] } | undefined;
      if (view?.online && (view.global?.length ?? 0) > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
