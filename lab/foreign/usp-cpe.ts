import { join } from 'node:path';
import { partPorts } from '../configurations.ts';
import { startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { addressFacing, hostOf } from '../topology.ts';
import { cpeRuleset } from './cwmp-cpe-files.ts';
import type { GatewayRow } from './gateway-row.ts';
import type { UspCpeOptions } from './usp-cpe-main.ts';

const program = join(import.meta.dirname, 'usp-cpe-main.ts');

/** A TR-369 device of the standard, which knows nothing of Sluice; its mappings are in the kernel of its host. */
export const uspCpeRow: GatewayRow = {
  type: 'usp',
  communication: () => ({}),
  async start(network, host, signal, identity) {
    const namespace = network.namespace(host);
    const interfaces = { wan: 'wan0', lan: 'lan0', external: addressFacing(network.topology, host, 'wan', 4) };
    const controllerId = hostOf(network.topology, 'configuration').runs?.endpointId ?? '';
    const url = `wss://${network.address('configuration', 4)}:${partPorts.configurationUsp}/usp`;
    const told: UspCpeOptions = {
      identity,
      controller: { endpointId: controllerId, url },
      interfaces,
      lanAddress: addressFacing(network.topology, host, 'lan', 4),
    };
    const inside = (command: readonly string[], until: AbortSignal, input?: string) =>
      run(['nsenter', `--net=${namespace}`, '--', ...command], until, input);
    const start = (until: AbortSignal) =>
      startOnHost(
        { name: `TR-369 device on ${host}`, namespace, command: [process.execPath, program, JSON.stringify(told)] },
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
  },
};
