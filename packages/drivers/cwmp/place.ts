import type { GatewayAddresses, IpAddress } from '@sluice/model';
import type { RowNames } from './names.ts';

/** A table that openings are rows of. */
export interface OpeningTable {
  /** With its last dot. */
  readonly path: string;
  readonly names: RowNames;
  /** The reference to put into a row's `names.interface`. */
  readonly interface?: string;
}

/** Rules of the firewall's chain that is ours to fill; they narrow mappings to a port of their remote end. */
export interface RuleTable {
  /** With its last dot. */
  readonly path: string;
}

/** Where a row is that is to be looked at. */
export interface RowPlace {
  readonly path: string;
  readonly table: OpeningTable;
  /** The row of its rule. */
  readonly rule?: { readonly path: string };
}

/** Where on a device openings are made. */
export interface Place {
  readonly mappings: OpeningTable;
  /** For IPv6, where the device has such a table. */
  readonly pinholes?: OpeningTable;
  /** Where the device has such a chain. */
  readonly rules?: RuleTable;
  /** The address that the port mappings are on. */
  readonly external: IpAddress;
  readonly addresses: GatewayAddresses;
}

/** Every table of a place. */
export function tablesOf({ mappings, pinholes }: Place): readonly OpeningTable[] {
  return pinholes ? [mappings, pinholes] : [mappings];
}
