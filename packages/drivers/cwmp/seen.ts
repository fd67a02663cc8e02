import {
  type Endpoint,
  familyOf,
  type GrantedOpening,
  type Instant,
  type IpAddress,
  type Opening,
  type Port,
  type PromiseName,
  parseIpAddress,
  parsePrefix,
  plainTransportOf,
} from '@sluice/model';
import { idIn } from './mark.ts';
import type { OpeningTable, Place } from './place.ts';
import type { SeenRule } from './rules.ts';
import { isTrue, portIn, type Row, wholeNumber } from './tree.ts';

/** A row of a table as it matters to openings. */
export interface SeenRow {
  readonly path: string;
  readonly table: OpeningTable;
  /** Of the opening, where it is one of ours. */
  readonly id?: string;
  /** Nothing was put into it yet. */
  readonly isBlank: boolean;
  readonly isEnabled: boolean;
  /** TR-181 Status, where there is one. */
  readonly status?: string;
  readonly transport?: 'tcp' | 'udp';
  /** Who may send; undefined for anyone, or for what is no single address. */
  readonly source?: IpAddress;
  readonly sourcePort?: number;
  /** Ports on the global address, both ends inclusive; of a pinhole, the device's own. */
  readonly ports?: readonly [least: number, most: number];
  readonly local?: Endpoint;
  /** 0: it stays until it is deleted. */
  readonly leaseSeconds: number;
  /** The rule of ours that is beside it, whatever it does. */
  readonly rule?: SeenRule;
}

/** Reads a row. */
export function seenRow({ path, values }: Row, table: OpeningTable): SeenRow {
  const { names } = table;
  const of = (name: string | undefined) => (name === undefined ? undefined : values.get(name));
  const description = of(names.description) ?? '';
  const [client, clientPort] = [parseIpAddress(of(names.client) ?? ''), portIn(of(names.clientPort))];
  const least = names.globalPort === undefined ? clientPort : portIn(of(names.globalPort));
  const most = portIn(of(names.globalPortEnd)) ?? least;
  const status = of(names.status);
  const transport = transportIn(of(names.protocol));
  const source = sourceIn(of(names.source) ?? '');
  const sourcePort = portIn(of(names.sourcePort));
  const isEnabled = isTrue(of(names.enabled));
  const id = idIn(description);
  return {
    path,
    table,
    ...(id !== undefined && { id }),
    isBlank: !isEnabled && description === '' && client === undefined && least === undefined && source === undefined,
    isEnabled,
    ...(status !== undefined && { status }),
    ...(transport && { transport }),
    ...(source !== undefined && { source }),
    ...(sourcePort !== undefined && { sourcePort }),
    ...(least !== undefined && most !== undefined && { ports: [least, Math.max(least, most)] }),
    ...(client !== undefined && clientPort !== undefined && { local: { address: client, port: clientPort } }),
    leaseSeconds: wholeNumber(of(names.remaining)) ?? wholeNumber(of(names.lease)) ?? 0,
  };
}

/** Whether packets pass by it, as far as the device tells. */
export function isInEffect({ isEnabled, status }: SeenRow): boolean {
  return isEnabled && (status === undefined || status === 'Enabled');
}

/** Whether it is one of ours that opens nothing, and is better gone: half made, switched off, or in error. */
export function isBroken(row: SeenRow): boolean {
  if (row.id === undefined) return false;
  return !row.isEnabled || !row.local || !row.transport || !row.ports || /^Error/.test(row.status ?? '');
}

/** The one port of its remote end that a row lets in, by itself or by its rule; undefined for any. */
export function heldPort({ sourcePort, source, transport, local, rule }: SeenRow): Port | undefined {
  const narrows = rule?.narrows;
  if (!narrows || narrows.source !== source || narrows.transport !== transport) return sourcePort;
  return narrows.device === local?.address && narrows.devicePort === local.port ? narrows.sourcePort : sourcePort;
}

/**
 * Whether it is one of ours that lets in more than was granted: its rule is gone, or no rule any more. It is better gone
 * too, until it is made anew.
 */
export function isWider(row: SeenRow, { rules }: Place, granted: Opening | undefined): boolean {
  if (!rules || !granted || row.table.names.sourcePort !== undefined || granted.remote.port === undefined) return false;
  const { lacks, mayLack } = granted as Partial<Pick<GrantedOpening, 'lacks'>> & Opening;
  const isNamed = lacks?.includes('remotePort') || mayLack?.includes('remotePort');
  return !isNamed && heldPort(row) !== granted.remote.port;
}

/** What a row lacks of an opening as narrow and as short as one is asked for, with what the device has. */
export function lacksOf(row: SeenRow, { rules }: Place, asked: Opening | undefined): readonly PromiseName[] {
  const lacks: PromiseName[] = [];
  const isMapping = row.table.names.sourcePort === undefined;
  if (row.source === undefined) lacks.push('remoteAddress');
  if (rules && isMapping && asked?.remote.port !== undefined && heldPort(row) === undefined) lacks.push('remotePort');
  if (row.leaseSeconds === 0) lacks.push('lease');
  return lacks;
}

/**
 * The opening that a row of ours is. A row does not tell all of one: stream type, and without a rule the source port, are
 * taken from what was `asked`, where the row is that opening.
 */
export function openingOf(
  row: SeenRow,
  place: Place,
  asked: Opening | undefined,
  now: Instant,
): GrantedOpening | undefined {
  const { id, transport, local, ports, source, leaseSeconds } = row;
  const remotePort = heldPort(row);
  if (id === undefined || !transport || !local || !ports || ports[0] !== ports[1]) return undefined;
  const global = familyOf(local.address) === 4 ? { address: place.external, port: ports[0] } : local;
  const until = leaseSeconds > 0 ? now + leaseSeconds * 1_000 : (asked?.until ?? now);
  const lacks = lacksOf(row, place, asked);
  const ends = { global, globalPort: global.port, local, until, ...(lacks.length > 0 && { lacks }) };
  if (asked && isOf(row, asked)) {
    const { streamType, payloadType, remote, mayLack } = asked;
    return {
      id,
      streamType,
      ...(payloadType !== undefined && { payloadType }),
      remote,
      ...(mayLack && { mayLack }),
      ...ends,
    };
  }
  const remote = { address: source ?? (familyOf(local.address) === 4 ? '0.0.0.0' : '::') };
  return {
    id,
    streamType: transport,
    remote: remotePort === undefined ? remote : { ...remote, port: remotePort },
    ...ends,
  };
}

/** Whether a row is what was asked for, but for what `lacks` tells and what rows never tell. */
export function isOf(row: SeenRow, asked: Opening): boolean {
  const { remote, local, globalPort, streamType } = asked;
  const told = heldPort(row);
  const tellsPort = row.table.names.sourcePort !== undefined || told !== undefined;
  return (
    row.transport === plainTransportOf(streamType) &&
    (row.source === undefined || row.source === remote.address) &&
    (!tellsPort || told === remote.port) &&
    row.local?.port === local.port &&
    (local.address === undefined || row.local.address === local.address) &&
    row.ports?.[0] === row.ports?.[1] &&
    (globalPort === undefined || row.ports?.[0] === globalPort)
  );
}

function transportIn(text: string | undefined): 'tcp' | 'udp' | undefined {
  const name = text?.toLowerCase();
  if (name === 'tcp' || name === '6') return 'tcp';
  return name === 'udp' || name === '17' ? 'udp' : undefined;
}

/** One address: RemoteHost, or SourcePrefixes of one whole address. */
function sourceIn(text: string): IpAddress | undefined {
  const prefix = parsePrefix(text);
  if (!prefix || prefix.address === '0.0.0.0' || prefix.address === '::') return undefined;
  return prefix.length === (familyOf(prefix.address) === 4 ? 32 : 128) ? prefix.address : undefined;
}
