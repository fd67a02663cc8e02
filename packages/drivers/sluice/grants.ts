import { familyOf, type GrantedOpening, isPort, type Opening, parseIpAddress } from '@sluice/model';
import { type CreatedRow, type GatewayNetworks, type HeldRow, outwardOf } from '@sluice/usp-gateway';
import { openingParameter as extension, portMappingTable } from '@sluice/wire/usp';
import { tableOf } from './rows.ts';

/**
 * Parameters to ask for because the AddResp alone does not tell where an opening leads: the device, where its address
 * was left to the gateway, and the global address, where the interface has several.
 */
export function missingParameters(opening: Opening, row: CreatedRow, networks: GatewayNetworks): readonly string[] {
  const isMapping = tableOf(opening, networks.translates) === portMappingTable;
  const missing: string[] = [];
  if (opening.local.address === undefined) missing.push(isMapping ? 'InternalClient' : 'DestIP');
  if (isMapping && onlyAddress(opening, networks) === undefined) missing.push(extension.externalAddress);
  return missing.map((name) => `${row.path}${name}`);
}

/** The opening as granted, out of its keys and what was looked up besides; undefined where the gateway left a hole. */
export function grantOf(
  opening: Opening,
  row: CreatedRow,
  looked: readonly HeldRow[],
  networks: GatewayNetworks,
): GrantedOpening | undefined {
  const values: Record<string, string> = { ...row.keys };
  for (const held of looked) if (held.path === row.path) Object.assign(values, held.values);
  const isMapping = tableOf(opening, networks.translates) === portMappingTable;
  const address = opening.local.address ?? parseIpAddress((isMapping ? values.InternalClient : values.DestIP) ?? '');
  if (address === undefined || familyOf(address) !== familyOf(opening.remote.address)) return undefined;
  const local = { address, port: opening.local.port };
  if (!isMapping) return { ...opening, local, global: local, globalPort: local.port };
  const globalAddress = parseIpAddress(values[extension.externalAddress] ?? '') ?? onlyAddress(opening, networks);
  const port = /^\d{1,5}$/.test(values.ExternalPort ?? '') ? Number(values.ExternalPort) : 0;
  if (globalAddress === undefined || familyOf(globalAddress) !== 4 || isPort(port) === (opening.streamType === 'esp'))
    return undefined;
  return { ...opening, local, global: { address: globalAddress, port }, globalPort: port };
}

function onlyAddress(opening: Opening, networks: GatewayNetworks): string | undefined {
  const ipv4 = outwardOf(opening, networks)?.ipv4 ?? [];
  return ipv4.length === 1 ? ipv4[0] : undefined;
}
