import {
  familyOf,
  type GatewayAddresses,
  type GrantedOpening,
  isPort,
  type Opening,
  parseIpAddress,
} from '@sluice/model';
import { openingParameter as extension } from '@sluice/wire/usp';
import type { CreatedRow } from './answers.ts';
import type { HeldRow } from './held-rows.ts';

/**
 * Parameters to ask for because the AddResp alone does not tell where an opening leads: the device, where its address
 * was left to the gateway, and the global address, where the gateway has several.
 */
export function missingParameters(
  opening: Opening,
  row: CreatedRow,
  addresses: GatewayAddresses | undefined,
): readonly string[] {
  const isMapping = familyOf(opening.remote.address) === 4;
  const missing: string[] = [];
  if (opening.local.address === undefined) missing.push(isMapping ? 'InternalClient' : 'DestIP');
  if (isMapping && onlyGlobal(addresses) === undefined) missing.push(extension.externalAddress);
  return missing.map((name) => `${row.path}${name}`);
}

/** The opening as granted, out of its keys and what was asked for besides; undefined where the gateway left a hole. */
export function grantOf(
  opening: Opening,
  row: CreatedRow,
  looked: readonly HeldRow[],
  addresses: GatewayAddresses | undefined,
): GrantedOpening | undefined {
  const values: Record<string, string> = { ...row.keys };
  for (const held of looked) if (held.path === row.path) Object.assign(values, held.values);
  const isMapping = familyOf(opening.remote.address) === 4;
  const address = opening.local.address ?? parseIpAddress((isMapping ? values.InternalClient : values.DestIP) ?? '');
  if (address === undefined) return undefined;
  const local = { address, port: opening.local.port };
  if (!isMapping) return { ...opening, local, global: local, globalPort: local.port };
  const globalAddress = parseIpAddress(values[extension.externalAddress] ?? '') ?? onlyGlobal(addresses);
  const port = Number(values.ExternalPort);
  if (globalAddress === undefined || !isPort(port)) return undefined;
  return { ...opening, local, global: { address: globalAddress, port }, globalPort: port };
}

function onlyGlobal(addresses: GatewayAddresses | undefined): string | undefined {
  const candidates = addresses?.global.filter((address) => familyOf(address) === 4) ?? [];
  return candidates.length === 1 ? candidates[0] : undefined;
}
