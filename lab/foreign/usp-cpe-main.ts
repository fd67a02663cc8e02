/**
 * A TR-369 device of the standard as a process: `node usp-cpe-main.ts OPTIONS`, where it stands. It has no pinholes and
 * none of our parameters; its mappings and rules are in the kernel there.
 */
import { spawnSync } from 'node:child_process';
import { clientTls, peerIdentity, readIdentity } from '@sluice/identity';
import { silentLog, systemClock } from '@sluice/io';
import { dialWebSocket, keepDialed } from '@sluice/mtp';
import { createAgent } from '@sluice/usp-agent';
import { portMappingTable } from '@sluice/wire/usp';
import { StandardAgent } from '../../packages/drivers/usp/test/standard-agent.ts';
import { run } from '../run.ts';
import { type CpeInterfaces, type CpeMapping, type CpeRule, cpeMappings, cpeRuleset } from './cwmp-cpe-files.ts';

/** What the process is told, as JSON. */
export interface UspCpeOptions {
  /** Directory of its identity. */
  readonly identity: string;
  readonly controller: { readonly endpointId: string; readonly url: string };
  readonly interfaces: CpeInterfaces;
  readonly lanAddress: string;
}

const { identity: directory, controller, interfaces, lanAddress } = JSON.parse(process.argv[2] ?? '') as UspCpeOptions;
const nft = (text: string) => run(['nft', '-f', '-'], AbortSignal.timeout(5_000), text);
const identity = await readIdentity(directory);
const cpe = new StandardAgent({ clock: systemClock, leases: true, rules: true });
cpe.model.put('Device.IP.Interface.1.IPv4Address.1.', { IPAddress: lanAddress });
cpe.model.put('Device.IP.Interface.2.IPv4Address.1.', { IPAddress: interfaces.external });

function mappings(): CpeMapping[] {
  return cpe.rows(portMappingTable).map(({ values }) => ({
    family: 4,
    transport: values.get('Protocol') === 'TCP' ? 'tcp' : 'udp',
    source: values.get('RemoteHost') ?? '',
    sourcePort: 0,
    globalPort: Number(values.get('ExternalPort')),
    client: values.get('InternalClient') ?? '',
    clientPort: Number(values.get('InternalPort')),
  }));
}

/** Those of the chain that controllers fill. */
function drops(): CpeRule[] {
  const rows = cpe
    .rows('Device.Firewall.Chain.2.Rule.')
    .filter(({ values }) => values.get('SourcePortExclude') === 'true');
  return rows.map(({ values }) => ({
    transport: values.get('Protocol') === '6' ? 'tcp' : 'udp',
    source: values.get('SourceIP') ?? '',
    sourcePort: Number(values.get('SourcePort')),
    client: values.get('DestIP') ?? '',
    clientPort: Number(values.get('DestPort')),
  }));
}

/** Waits for the kernel: what the agent answers afterwards is so. */
function write(): void {
  const input = cpeMappings(mappings(), interfaces, drops());
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input, encoding: 'utf8' });
  if (status !== 0) process.stderr.write(`${stderr}\n`);
}

await nft(cpeRuleset(interfaces));
cpe.model.observe((event) => {
  if (event.kind !== 'changed' || event.parameter === 'Enable') write();
});
const agent = createAgent({
  endpointId: identity.endpointId,
  softwareVersion: '1',
  device: { oui: '00D09E', productClass: 'CPE', serialNumber: '1' },
  controllers: [{ endpointId: controller.endpointId }],
  models: [cpe.model],
  clock: systemClock,
  log: silentLog,
});
const ending = new AbortController();
process.once('SIGTERM', () => {
  ending.abort();
  agent.close();
  process.exit();
});
const socket = {
  endpointId: identity.endpointId,
  clock: systemClock,
  log: silentLog,
  identify: (tls: Parameters<typeof peerIdentity>[0]) => peerIdentity(tls)?.endpointId,
};
let ready = false;
await keepDialed(
  {
    dial: (until) =>
      dialWebSocket(
        { ...socket, url: controller.url, tls: clientTls(identity), expectedPeer: controller.endpointId },
        until,
      ),
    clock: systemClock,
    log: silentLog,
    policy: { minimumWaitMs: 500, multiplier: 1_000 },
    onConnection(connection) {
      agent.attach(connection);
      if (!ready) process.stdout.write(`${JSON.stringify({ ready: 'usp-cpe' })}\n`);
      ready = true;
    },
  },
  ending.signal,
);
