import { familyOf, type IpAddress, isPort, parseIpAddress } from '@sluice/model';
import type { ParameterValue } from '@sluice/wire/cwmp';

/** A row of a table as it was read: values by the names after its path. */
export interface Row {
  /** With its last dot: "Device.NAT.PortMapping.3." */
  readonly path: string;
  readonly instance: number;
  readonly values: ReadonlyMap<string, string>;
}

/** The rows of a table among values that were read. A name below a row's own parameters is passed over. */
export function rowsIn(values: readonly ParameterValue[], table: string): Row[] {
  const rows = new Map<number, Map<string, string>>();
  for (const { name, value } of values) {
    if (!name.startsWith(table)) continue;
    const match = /^([1-9]\d{0,9})\.([\w-]{1,64})$/.exec(name.slice(table.length));
    if (!match) continue;
    const instance = Number(match[1]);
    const row = rows.get(instance) ?? new Map<string, string>();
    rows.set(instance, row.set(match[2] ?? '', value.trim()));
  }
  return [...rows].map(([instance, own]) => ({ path: `${table}${instance}.`, instance, values: own }));
}

/** Values by full name. */
export function valuesByName(values: readonly ParameterValue[]): ReadonlyMap<string, string> {
  return new Map(values.map(({ name, value }) => [name, value.trim()]));
}

/** "1", "true" in any case. */
export function isTrue(text: string | undefined): boolean {
  return text === '1' || text?.toLowerCase() === 'true';
}

/** An IPv4 address that is one: not empty, not 0.0.0.0. */
export function ipv4In(text: string | undefined): IpAddress | undefined {
  const address = parseIpAddress(text ?? '');
  return address !== undefined && familyOf(address) === 4 && address !== '0.0.0.0' ? address : undefined;
}

/** A port from 1 to 65535; devices write 0 or -1 for any. */
export function portIn(text: string | undefined): number | undefined {
  const port = wholeNumber(text);
  return port !== undefined && isPort(port) ? port : undefined;
}

/** 0 to 2^32-1. */
export function wholeNumber(text: string | undefined): number | undefined {
  const number = text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number <= 0xffffffff ? number : undefined;
}
