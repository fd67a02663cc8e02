/** The configuration server's behaviour over an ACS, as a process of its own: what it costs is what this process costs. */
import { type Control, openControl } from '@sluice/control';
import { Acs, type CwmpDevice, listenCwmp } from '@sluice/cwmp-acs';
import { cwmpDriver, DeviceBook, reasonToLook } from '@sluice/drivers/cwmp';
import { silentLog, systemClock } from '@sluice/io';
import type { ContentRequest } from '@sluice/model';
import { openSqliteStore } from '@sluice/store';
import { type Command, deviceNumber, type Reply } from './cwmp-devices.ts';

const [database = '', count = '0'] = process.argv.slice(2);
const devices = new Map<string, CwmpDevice>();
for (let n = 0; n < Number(count); n++) {
  const device = deviceNumber(n);
  for (const key of [device.identity, device.gatewayId, device.connectionRequest.username]) devices.set(key, device);
}

const book = new DeviceBook();
let control: Control | undefined;
const acs = new Acs({
  clock: systemClock,
  log: silentLog,
  devices: {
    byIdentity: async (identity) => devices.get(identity),
    byGatewayId: async (gatewayId) => devices.get(gatewayId),
    byConnectionRequestName: async (username) => devices.get(username),
  },
  listener: {
    informed(contact) {
      const { gatewayId } = contact;
      const hasOpenings = (control?.gatewayStatus(gatewayId).openings ?? 0) > 0;
      const reason = reasonToLook(gatewayId, contact, book, { hasOpenings, isExpected: contact.isAwaited });
      return reason && control?.gatewayCameBack(gatewayId, new AbortController().signal).catch(() => undefined);
    },
  },
});
const { port } = await listenCwmp(acs, { hosts: ['127.0.0.1'], port: 0, connections: 20_000 });
const store = await openSqliteStore({ file: database, log: silentLog, keys: { file: `${database}.key` } });
const picking = { range: [16_384, 32_767], random: Math.random } as const;
const drivers = [cwmpDriver({ acs, clock: systemClock, book, picking })];
control = await openControl(
  { store, clock: systemClock, log: silentLog, drivers },
  { exchangeMs: 30_000, verdictMs: 60_000 },
);
for (let n = 0; n < Number(count); n++) {
  const { gatewayId } = deviceNumber(n);
  await control.registrations.putGateway({ gatewayId, type: 'cwmp', communication: {} });
  await control.registrations.putAppliance({ applianceId: `tv-${n}`, gatewayId });
}

const reply = (message: Reply): void => void process.send?.(message);
const epoch = () => performance.timeOrigin + performance.now();

async function open(request: ContentRequest): Promise<Reply> {
  const verdict = await control?.open(request, AbortSignal.timeout(120_000));
  const at = epoch();
  const refusal = verdict?.kind === 'refused' ? verdict.refusal.message : undefined;
  return { kind: 'opened', requestId: request.requestId, at, ...(refusal !== undefined && { refusal }) };
}

process.on('message', (command: Command) => {
  if (command.kind === 'open') void open(command.request).then(reply);
  else if (command.kind === 'cpu') {
    const { user, system } = process.cpuUsage();
    reply({ kind: 'cpu', ms: (user + system) / 1_000, sessions: acs.sessions });
  }
});
process.on('disconnect', () => process.exit());
reply({ kind: 'ready', port });
