import { remoteCommand } from '@sluice/drivers/ssh-nft';
import { gatewayRuleset } from '@sluice/kernel/ruleset';
import type { BuiltNetwork } from '../build.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { run } from '../run.ts';
import { addressFacing } from '../topology.ts';
import type { GatewayRow } from './gateway-row.ts';
import { fingerprintOf, newSshdKeys, startSshd } from './sshd.ts';

/**
 * A Linux router with sshd and nftables, and nothing of ours on it but a key for the one command and, in the file that it
 * loads when it starts, the packet filter, closed.
 */
export function linuxGatewayRow(): GatewayRow {
  const keys = newSshdKeys();
  return {
    type: 'ssh-nft',
    communication: (network: BuiltNetwork, host: string) => ({
      host: addressFacing(network.topology, host, 'wan', 4),
      privateKey: keys.client.privateKey,
      hostKey: fingerprintOf(keys.host),
      wan: 'wan0',
      lan: 'lan0',
    }),
    async start(network, host, signal) {
      const namespace = network.namespace(host);
      const start = (until: AbortSignal) => startSshd({ namespace, command: remoteCommand, keys }, until);
      const { load, table, version } = gatewayRuleset('sluice');
      const filter = `${load({ wan: ['wan0'], lan: ['lan0'], listening: [22] })}add set inet ${table} version_${version} { type mark; }\n`;
      const boot = (until: AbortSignal) =>
        run(['nsenter', `--net=${namespace}`, '--', 'nft', '-f', '-'], until, filter);
      await boot(signal);
      let sshd = await start(signal);
      return {
        openings: (until) => openingsInKernel(network, host, until),
        async reboot(until) {
          await sshd[Symbol.asyncDispose]();
          await boot(until);
          sshd = await start(until);
        },
        [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
      };
    },
  };
}
