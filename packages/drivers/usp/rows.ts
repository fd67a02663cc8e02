import { familyOf, type Instant, type Opening, plainTransportOf, type StreamType, streamTypes } from '@sluice/model';
import type { Lease } from '@sluice/usp-gateway';
import { keyed, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import type { Capabilities } from './capabilities.ts';

/** A row as an Add creates it. */
export interface Row {
  readonly table: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What a gateway is, as far as rows depend on it. */
export interface RowGround {
  readonly capabilities: Capabilities;
  /** Reference of the interface that openings come in by. */
  readonly outward: string | undefined;
  /** Chain whose rules are ours to make, "Device.Firewall.Chain.2."; undefined where there is none. */
  readonly chain: string | undefined;
}

/** The table that an opening is a row of: the family of its remote end decides. */
export function tableOf(opening: Pick<Opening, 'remote'>): string {
  return familyOf(opening.remote.address) === 4 ? portMappingTable : pinholeTable;
}

/** Finds an opening's row by its id, whatever instance number it has now. */
export function pathOf(opening: Opening, { capabilities }: RowGround): string {
  const { identity } = capabilities;
  return keyed(tableOf(opening), { [identity]: identity === 'Alias' ? opening.id : descriptionOf(opening) });
}

/** Finds the rule that narrows an opening; undefined where none does. */
export function rulePathOf(opening: Opening, ground: RowGround): string | undefined {
  return isNarrowed(opening, ground) ? keyed(`${ground.chain}Rule.`, { Alias: ruleAlias(opening) }) : undefined;
}

/** Whether an opening has a rule beside its port mapping, which cannot say the server's port. */
export function isNarrowed({ remote }: Opening, { capabilities, chain }: RowGround): boolean {
  return chain !== undefined && capabilities.narrows && familyOf(remote.address) === 4 && remote.port !== undefined;
}

/** The rows of an opening: a port mapping or a pinhole, and the rule that narrows it. */
export function rowsOf({ opening, seconds }: Lease<Opening>, ground: RowGround, now: Instant): readonly Row[] {
  const table = tableOf(opening);
  const { mapping, pinhole } = ground.capabilities;
  const known = table === portMappingTable ? mapping : pinhole;
  const all: Record<string, string> = {
    Alias: opening.id,
    Enable: 'true',
    ...(ground.outward !== undefined && { Interface: ground.outward }),
    LeaseDuration: String(seconds),
    Description: descriptionOf(opening),
    ...(table === portMappingTable ? portMapping(opening) : pinholeValues(opening)),
  };
  const row = { table, values: Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name))) };
  return isNarrowed(opening, ground) ? [ruleOf(opening, seconds, ground, now), row] : [row];
}

function portMapping({ remote, local, globalPort, streamType }: Opening): Record<string, string> {
  return {
    Protocol: plainTransportOf(streamType) === 'tcp' ? 'TCP' : 'UDP',
    RemoteHost: remote.address,
    ...(globalPort !== undefined && { ExternalPort: String(globalPort) }),
    InternalClient: local.address ?? '',
    InternalPort: String(local.port),
  };
}

function pinholeValues({ remote, local, streamType }: Opening): Record<string, string> {
  return {
    // IP protocol numbers (IANA): 6 TCP, 17 UDP.
    Protocol: plainTransportOf(streamType) === 'tcp' ? '6' : '17',
    SourcePrefixes: `${remote.address}/128`,
    SourcePort: String(remote.port ?? -1),
    DestIP: local.address ?? '',
    DestPort: String(local.port),
  };
}

/** Seconds that a rule outlives its opening: the other way round the opening would be wider for a moment. */
const ruleSlackSeconds = 60;

/** Drops what comes to the device's port from any port but the server's (rules see addresses after translation). */
function ruleOf(opening: Opening, seconds: number, { chain }: RowGround, now: Instant): Row {
  return {
    table: `${chain}Rule.`,
    values: {
      Alias: ruleAlias(opening),
      Enable: 'true',
      Target: 'Drop',
      IPVersion: '4',
      SourceAllInterfaces: 'true',
      DestAllInterfaces: 'true',
      Protocol: plainTransportOf(opening.streamType) === 'tcp' ? '6' : '17',
      SourceIP: opening.remote.address,
      DestIP: opening.local.address ?? '',
      DestPort: String(opening.local.port),
      SourcePort: String(opening.remote.port ?? -1),
      SourcePortExclude: 'true',
      ExpiryDate: ruleEnd(now, seconds),
    },
  };
}

/** When the rule of an opening with such a lease ends (TR-106 dateTime, whole seconds). */
export function ruleEnd(now: Instant, seconds: number): string {
  return new Date(now + (seconds + ruleSlackSeconds) * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function ruleAlias({ id }: Opening): string {
  return `${id}-n`;
}

const marker = 'Sluice';

/** What a foreign model has no parameter for, in the one that is free text: id, stream type, payload type, remote port. */
export function descriptionOf({ id, streamType, payloadType, remote }: Opening): string {
  return [marker, id, streamType, payloadType ?? '-', remote.port ?? '-'].join(' ');
}

/** What {@link descriptionOf} says; undefined where somebody else wrote it. */
export interface Described {
  readonly id: string;
  readonly streamType: StreamType;
  readonly payloadType?: number;
  readonly remotePort?: number;
}

/** Reads {@link descriptionOf}. */
export function readDescription(text: string): Described | undefined {
  const [first, id = '', type, payload = '', port = '', ...more] = text.split(' ');
  const streamType = streamTypes.find((known) => known === type);
  if (first !== marker || !streamType || more.length > 0 || !/^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(id)) return undefined;
  const number = (digits: string, most: number) =>
    /^\d{1,5}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
  const [payloadType, remotePort] = [number(payload, 127), number(port, 65_535)];
  return {
    id,
    streamType,
    ...(payloadType !== undefined && { payloadType }),
    ...(remotePort !== undefined && { remotePort }),
  };
}
