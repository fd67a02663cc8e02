import { join } from 'node:path';
import type { Family } from '@sluice/model';
import type { BuiltNetwork } from '../build.ts';
import { type HostProcess, startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { addressFacing } from '../topology.ts';
import { connectionRequestPort, cpeRuleset } from './cwmp-cpe-files.ts';
import type { CpeProcessOptions } from './cwmp-cpe-main.ts';

/** Which device, and whose. */
export interface CwmpCpeOptions {
  readonly network: BuiltNetwork;
  /** Where it stands. */
  readonly host: string;
  readonly model: 'tr-098' | 'tr-181';
  /** The port of the ACS on the host `configuration`. */
  readonly acsPort: number;
}

/** A TR-069 device as a home's gateway, its mappings in the kernel of its host. Disposing ends it. */
export interface CwmpCpe extends AsyncDisposable {
  /** How many openings its kernel holds, as nft(8) lists them. */
  openings(signal: AbortSignal): Promise<number>;
  /** It loses power, and is there again without its mappings. */
  reboot(signal: AbortSignal): Promise<void>;
}

const program = join(import.meta.dirname, 'cwmp-cpe-main.ts');

/** What the device on a host is registered with: who it is, what it shows, what wakes it. */
export function cpeRegistration(host: string) {
  return {
    oui: '00D09E',
    serial: host,
    username: `00D09E-${host}`,
    password: `shown by ${host}`,
    connectionRequestUsername: `acs of ${host}`,
    connectionRequestPassword: `wakes ${host}`,
  } as const;
}

/** Starts it on a host of `homes()`. It is known to its ACS when this resolves. Rejects when it does not start. */
export async function startCwmpCpe(options: CwmpCpeOptions, signal: AbortSignal): Promise<CwmpCpe> {
  const { network, host, model, acsPort } = options;
  const known = cpeRegistration(host);
  const namespace = network.namespace(host);
  const facing = (side: 'wan' | 'lan', family: Family) => addressFacing(network.topology, host, side, family);
  const external = facing('wan', 4);
  const interfaces = { wan: 'wan0', lan: 'lan0', external };
  const inside = (command: readonly string[], until: AbortSignal, input?: string) =>
    run(['nsenter', `--net=${namespace}`, '--', ...command], until, input);
  const lanAddress6 = facing('lan', 6);
  const told: CpeProcessOptions = {
    model,
    rules: model === 'tr-181',
    external,
    interfaces,
    lan: { address: facing('lan', 4), mask: '255.255.255.0' },
    ipv6: {
      external: facing('wan', 6),
      lanAddress: lanAddress6,
      prefix: `${lanAddress6.replace(/:[0-9a-f]*$/, ':')}/64`,
    },
    acs: { host: network.address('configuration', 4), port: acsPort },
    identity: { oui: known.oui, serialNumber: known.serial },
    login: { username: known.username, password: known.password },
    connectionRequest: { username: known.connectionRequestUsername, password: known.connectionRequestPassword },
    listen: { host: external, port: connectionRequestPort },
  };
  const start = (until: AbortSignal): Promise<HostProcess> =>
    startOnHost(
      { name: `cwmp device on ${host}`, namespace, command: [process.execPath, program, JSON.stringify(told)] },
      until,
    );
  let device = await start(signal);
  return {
    async openings(until) {
      const listed = await inside(['nft', 'list', 'chain', 'inet', 'cpe', 'mappings'], until);
      return listed.split('\n').filter((line) => /\baccept$/.test(line)).length;
    },
    async reboot(until) {
      device.kill('SIGKILL');
      await device.ended;
      await inside(['nft', '-f', '-'], until, cpeRuleset(interfaces));
      device = await start(until);
    },
    [Symbol.asyncDispose]: () => device.stop(),
  };
}
