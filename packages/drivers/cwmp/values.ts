import { type Opening, type Port, plainTransportOf } from '@sluice/model';
import type { ParameterValue } from '@sluice/wire/cwmp';
import type { NarrowingRule } from '@sluice/wire/tr181';
import { descriptionOf } from './mark.ts';
import type { OpeningTable } from './place.ts';
import type { Lease } from './plan.ts';

/** An opening with the row that it is to be. */
export interface Wanted {
  readonly lease: Lease;
  readonly table: OpeningTable;
  readonly globalPort: Port;
  /** With its last dot. */
  readonly path: string;
  /** The rule that narrows it, and its row with its last dot. */
  readonly rule?: { readonly path: string; readonly narrows: NarrowingRule };
}

/** What is left out of a row, because the device does not take it. */
export interface Left {
  readonly source: boolean;
  readonly lease: boolean;
  /** Of its rule, all of it. */
  readonly rule: boolean;
}

/** What makes a row an opening: everything before it is enabled, for devices that act on each value as it comes. */
export function rowValues(
  { lease, table, globalPort, path }: Wanted,
  left: Omit<Left, 'rule'>,
): readonly ParameterValue[] {
  const { names } = table;
  const { opening, seconds } = lease;
  const value = (name: string | undefined, text: string, type: string) =>
    name === undefined ? [] : [{ name: `${path}${name}`, value: text, type }];
  const isPinhole = names.sourcePort !== undefined;
  const protocol = plainTransportOf(opening.streamType);
  return [
    ...value(names.description, descriptionOf(opening.id), 'string'),
    ...value(table.interface === undefined ? undefined : names.interface, table.interface ?? '', 'string'),
    // IP protocol numbers (IANA): 6 TCP, 17 UDP.
    ...(isPinhole
      ? value(names.protocol, protocol === 'tcp' ? '6' : '17', 'string')
      : value(names.protocol, protocol.toUpperCase(), 'string')),
    ...value(left.source ? undefined : names.source, sourceText(opening, isPinhole), 'string'),
    ...value(names.sourcePort, String(opening.remote.port ?? -1), 'int'),
    ...value(names.globalPort, String(globalPort), 'unsignedInt'),
    ...value(names.client, opening.local.address ?? '', 'string'),
    ...value(names.clientPort, String(opening.local.port), isPinhole ? 'int' : 'unsignedInt'),
    ...(left.lease ? [] : leaseValues(path, table, seconds)),
    ...value(names.enabled, '1', 'boolean'),
  ];
}

/** What gives a row so many seconds from now. */
export function leaseValues(path: string, { names }: OpeningTable, seconds: number): readonly ParameterValue[] {
  return [{ name: `${path}${names.lease}`, value: String(seconds), type: 'unsignedInt' }];
}

function sourceText({ remote }: Opening, isPinhole: boolean): string {
  return isPinhole ? `${remote.address}/128` : remote.address;
}
