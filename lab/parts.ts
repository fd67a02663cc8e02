import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority, type Role, writeIdentity } from '@sluice/identity';
import type { BuiltNetwork } from './build.ts';
import { configurationOf, type DeploymentDirectories, hostDirectory, type Overrides } from './configurations.ts';
import type { ForeignGateway, GatewayRow } from './foreign/gateway-row.ts';
import { gatewayRow } from './gateway-rows.ts';
import { type Operator, seatOperator } from './operator.ts';
import { type HostProcess, startOnHost } from './process.ts';
import { awaitGateway, register } from './registering.ts';
import { run } from './run.ts';
import { type Host, hostsRunning, hostsWithin, machineOf, type Placement, pathOf } from './topology.ts';

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
  /** What stands in the homes in place of our agent, where the topology does not say what does. */
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
  const rowOf = ({ runs }: Host & { runs: Placement }): GatewayRow | undefined =>
    runs.type === undefined ? options.gateway : gatewayRow(runs.type);
  const gateways = hostsRunning(topology, 'gateway');
  const configurations = gateways.map(rowOf).reduce(besides, options.overrides ?? {});
  for (const host of hosts) await writeConfiguration(network, directories, host, configurations);
  for (const { name } of hosts) await writePartsFile(network, directories, name);

  const running = new Map<string, HostProcess>();
  const configurationFile = (host: string): string => join(hostDirectory(directories, host), 'configuration.json');
  const start = async (host: string, until: AbortSignal): Promise<HostProcess> => {
    const placed = machineOf(topology, host);
    const part = hostsWithin(topology, placed.name).length > 1 ? 'parts' : (placed.runs?.part ?? '');
    // An appliance's part that stays is its screen.
    const act = part === 'appliance' ? 'screen' : 'run';
    const file = part === 'parts' ? partsFile(directories, placed.name) : configurationFile(placed.name);
    const command = sluiceCommand([part, act, '--config', file]);
    const started = await startOnHost(
      {
        name: `${part} on ${host}`,
        namespace: network.namespace(host),
        command: options.launch?.(placed, command) ?? command,
      },
      until,
    );
    for (const { name } of hostsWithin(topology, placed.name)) running.set(name, started);
    return started;
  };
  stack.defer(async () => {
    await Promise.all([...new Set(running.values())].map((process) => process.stop()));
  });
  const startAll = async (part: Placement['part']): Promise<void> => {
    const there = hostsRunning(topology, part).filter(({ within }) => within === undefined);
    await Promise.all(there.map((host) => start(host.name, signal)));
  };

  progress('starting configuration server, media server and portal');
  await Promise.all([startAll('configuration-server'), startAll('media-server'), startAll('portal')]);
  const operator = stack.use(seatOperator(network.namespace('configuration'), join(directories.run, 'operator')));
  await register(network, operator, rowOf, signal);
  progress('starting the gateways');
  const foreign = new Map<string, ForeignGateway>();
  const startGateway = async (host: Host & { runs: Placement }): Promise<void> => {
    const row = rowOf(host);
    const { name } = host;
    if (row) foreign.set(name, stack.use(await row.start(network, name, signal, hostDirectory(directories, name))));
    else {
      await start(name, signal);
      await awaitGateway(network, operator, host.runs.endpointId, signal);
    }
  };
  // The outermost first: what is behind them reaches nobody before.
  const boxesBefore = (host: Host): number => pathOf(topology, host.name).length;
  for (let boxes = 0; gateways.some((host) => boxesBefore(host) >= boxes); boxes++)
    await Promise.all(gateways.filter((host) => boxesBefore(host) === boxes).map(startGateway));
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

async function issueIdentities(
  network: BuiltNetwork,
  directories: DeploymentDirectories,
  hosts: readonly (Host & { runs: Placement })[],
): Promise<void> {
  const authority = await openAuthority(join(directories.run, 'authority'));
  const issue = async (place: string, endpointId: string, role: Role, names: readonly string[]): Promise<void> =>
    writeIdentity(hostDirectory(directories, place), await authority.issue({ endpointId, role, names, days: 1 }));
  for (const { name, runs } of hosts)
    await issue(name, runs.endpointId, runs.part, Object.values(network.addresses(name)));
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

const partsFile = (directories: DeploymentDirectories, machine: string): string =>
  join(hostDirectory(directories, machine), 'parts.json');

/** What the parts of one machine have in one process, each finding the others beside it. */
async function writePartsFile(network: BuiltNetwork, directories: DeploymentDirectories, machine: string) {
  const hosts = hostsWithin(network.topology, machine);
  if (hosts.length < 2) return;
  const own = hosts.map(({ name }) => network.address(name, 4));
  const sections = await Promise.all(
    hosts.map(async ({ name, runs }) => {
      const text = await readFile(join(hostDirectory(directories, name), 'configuration.json'), 'utf8');
      const besides = (_: string, value: unknown) =>
        typeof value === 'string' && own.some((address) => value.startsWith(`https://${address}:`)) ? 'beside' : value;
      return [runs?.part ?? '', JSON.parse(text, besides)] as const;
    }),
  );
  await writeFile(partsFile(directories, machine), JSON.stringify(Object.fromEntries(sections), undefined, 2));
}

/** The same, with a policy that lets openings lack these promises. */
function besides(overrides: Overrides, row: GatewayRow | undefined): Overrides {
  if (!row) return overrides;
  const { weaker, server = {} } = row;
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
