import { tokenRoom } from '@sluice/consent';
import type { Endpoint, RequestFlow, StartNotice, StreamType } from '@sluice/model';
import { isPort, parseIpAddress, streamTypes } from '@sluice/model';
import { openingParameter as extension } from '@sluice/wire/usp';
import { type OpeningParameter, type Shown, shown, writable } from './parameter.ts';
import { streamTypeWanted } from './wanted.ts';

/** Parameters that TR-181 Device.NAT.PortMapping and Device.Firewall.Pinhole have alike, and our own beside them. */
export const commonParameters: readonly OpeningParameter[] = [
  writable(
    { name: 'Alias', type: 'string', access: 'writeOnce', range: [1, 64], notifiesChange: false },
    (alias) => ({ alias }),
    (wanted) => wanted.alias,
  ),
  writable(
    { name: 'Enable', type: 'boolean' },
    (text) => ({ enable: text === 'true' }),
    (wanted) => `${wanted.enable}`,
  ),
  shown(
    {
      name: 'Status',
      type: 'string',
      values: ['Disabled', 'Enabled', 'Inactive', 'Error_Misconfigured', 'Error'],
      notifiesChange: true,
    },
    statusOf,
  ),
  shown({ name: 'Origin', type: 'string', values: ['User', 'System', 'UPnP', 'Controller'] }, () => 'Controller'),
  writable(
    { name: 'Description', type: 'string', range: [0, 256] },
    (description) => ({ description }),
    (wanted) => wanted.description,
  ),
  writable(
    { name: 'Interface', type: 'string', range: [0, 256], narrows: true, reference: 'strong' },
    (text) => ({ interface: text }),
    (wanted) => wanted.interface,
  ),
  writable(
    { name: 'LeaseDuration', type: 'unsignedInt', narrows: true },
    (text) => ({ leaseSeconds: Number(text) }),
    (wanted) => `${wanted.leaseSeconds}`,
  ),
  shown({ name: 'RemainingLeaseTime', type: 'unsignedInt' }, ({ row, now }) =>
    row.until === Number.POSITIVE_INFINITY ? '0' : `${Math.max(0, Math.ceil((row.until - now) / 1000))}`,
  ),
  writable(
    { name: extension.streamType, type: 'string', values: ['', ...streamTypes], narrows: true },
    (text) => ({ streamType: text === '' ? undefined : (text as StreamType) }),
    streamTypeWanted,
  ),
  writable(
    { name: extension.payloadType, type: 'int', range: [-1, 127], narrows: true },
    (text) => ({ payloadType: text === '-1' ? undefined : Number(text) }),
    (wanted) => `${wanted.payloadType ?? -1}`,
  ),
  writable({ name: extension.requestFlow, type: 'string', range: [0, 192], narrows: true }, readFlow, (wanted) =>
    wanted.flow ? writeFlow(wanted.flow) : '',
  ),
  writable(
    { name: extension.consent, type: 'string', range: [0, tokenRoom], narrows: true, notifiesChange: false },
    (text) => ({ consent: text === '' ? undefined : text }),
    () => '',
  ),
  writable(
    { name: extension.start, type: 'string', range: [0, 128], narrows: true, notifiesChange: false },
    readStart,
    () => '',
  ),
  shown({ name: extension.consentedBy, type: 'string', notifiesChange: true }, ({ row }) =>
    row.consent.by === 'unchecked' ? '' : row.consent.by,
  ),
  shown(
    { name: extension.packets, type: 'unsignedLong' },
    ({ row, held }) => `${row.carried.packets + (held?.packets ?? 0)}`,
  ),
  shown(
    { name: extension.bytes, type: 'unsignedLong' },
    ({ row, held }) => `${row.carried.bytes + (held?.bytes ?? 0)}`,
  ),
];

/**
 * The text of X_SLUICE_RequestFlow: "<portal address> <portal port> <observed address> <observed port>", and where the
 * device told its own end of the connection, " <address> <port>" of it; where it ran over UDP, " udp" comes last.
 */
export function writeFlow({ transport, portal, observed, sent }: RequestFlow): string {
  const ends = [portal, observed, ...(sent ? [sent] : [])].map(({ address, port }) => `${address} ${port}`);
  return [...ends, ...(transport === 'udp' ? [transport] : [])].join(' ');
}

function statusOf({ row, stranded }: Shown): string {
  if (!row.opening) return 'Disabled';
  return stranded ? 'Inactive' : 'Enabled';
}

function readFlow(text: string): { flow: RequestFlow | undefined } | string {
  if (text === '') return { flow: undefined };
  const words = text.split(' ');
  const transport = words.at(-1) === 'udp' ? words.pop() : undefined;
  const [portal, observed, sent] = [0, 2, 4].map((at) => readEnd(words[at], words[at + 1]));
  const whole = words.length === 4 || (words.length === 6 && sent);
  if (!whole || !portal || !observed)
    return 'a flow is "<portal address> <portal port> <observed address> <observed port>[ <sent address> <sent port>][ udp]"';
  return { flow: { ...(transport && { transport: 'udp' }), portal, observed, ...(sent && { sent }) } };
}

function readStart(text: string): { start: StartNotice | undefined } | string {
  if (text === '') return { start: undefined };
  const [address, port, startId = '', ...more] = text.split(' ');
  const mediaServer = readEnd(address, port);
  if (!mediaServer || more.length > 0 || !/^[A-Za-z0-9_-]{16,64}$/.test(startId))
    return 'a start is "<address> <port> <id>"';
  return { start: { mediaServer, startId } };
}

function readEnd(address: string | undefined, digits: string | undefined): Endpoint | undefined {
  const parsed = parseIpAddress(address ?? '');
  const port = Number(digits);
  return parsed !== undefined && isPort(port) ? { address: parsed, port } : undefined;
}
