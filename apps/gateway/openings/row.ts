import type { KernelOpening } from '@sluice/kernel';
import type { Instant, IpProtocol, OpeningCounters } from '@sluice/model';
import { portMappingTable } from '@sluice/wire/usp';
import type { Consent } from '../consent/consent.ts';
import { type OpeningTable, transportWanted, type Wanted } from './wanted.ts';

/** One row of a table. Frozen data: a change makes another row in its place. */
export interface Row {
  readonly table: OpeningTable;
  readonly instance: number;
  /** The controller that made it; nobody else sees it. */
  readonly owner: string;
  /** With every choice made that was left to the gateway, while enabled. */
  readonly wanted: Wanted & { readonly alias: string };
  /** What the kernel holds for it; undefined while it is disabled. */
  readonly opening: KernelOpening | undefined;
  /** When it vanishes; Infinity for a lease without end. */
  readonly until: Instant;
  /** What had passed before the kernel's element was last replaced. */
  readonly carried: OpeningCounters;
  /** Why it may be open. */
  readonly consent: Consent;
}

/** Nothing has passed. */
export const nothingPassed: OpeningCounters = { packets: 0, bytes: 0 };

/** The row's object path, "Device.NAT.PortMapping.3." */
export function objectOf(row: Pick<Row, 'table' | 'instance'>): string {
  return `${row.table}${row.instance}.`;
}

/** A text that one row alone may have. */
export interface UniqueKey {
  readonly text: string;
  readonly kind: 'alias' | 'port' | 'path';
}

/** What must be this row's alone. */
export function keysOf(row: Row): UniqueKey[] {
  const { wanted, opening } = row;
  const keys: UniqueKey[] = [{ kind: 'alias', text: aliasKey(row.owner, row.table, wanted.alias) }];
  // TR-181 Device.NAT.PortMapping: RemoteHost, ExternalPort and Protocol; for USP of disabled rows too.
  if (row.table === portMappingTable)
    keys.push({ kind: 'port', text: portKey(transportWanted(wanted), wanted.globalPort, wanted.remoteAddress) });
  // What a device sends from one port to one remote endpoint can leave from one global port alone.
  if (opening) {
    const { remote, local } = opening;
    const ends = `${remote.address ?? ''} ${remote.port ?? ''} ${local.address} ${local.port}`;
    keys.push({ kind: 'path', text: `path ${transportWanted(wanted)} ${ends}` });
  }
  return keys;
}

/** Key of a row by its owner's name for it. */
export function aliasKey(owner: string, table: OpeningTable, alias: string): string {
  return `alias ${owner} ${table} ${alias}`;
}

/** Key of a port mapping by RemoteHost, ExternalPort and Protocol; without an address, the one that admits any. */
export function portKey(transport: IpProtocol, globalPort: number | undefined, remoteAddress?: string): string {
  return `port ${transport} ${globalPort} ${remoteAddress ?? ''}`;
}
