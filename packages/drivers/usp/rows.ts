import { familyOf, type Instant, type Opening, plainTransportOf } from '@sluice/model';
import type { Lease } from '@sluice/usp-gateway';
import { keyed, pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { descriptionOf } from './description.ts';
import type { Row, RowGround } from './row-ground.ts';
import { ruleRow } from './rules.ts';

/** The table that an opening is a row of: the family of its remote end decides. */
export function tableOf(opening: Pick<Opening, 'remote'>): string {
  return familyOf(opening.remote.address) === 4 ? portMappingTable : pinholeTable;
}

/** Finds an opening's row by its id, whatever instance number it has now. */
export function pathOf(opening: Opening, { capabilities }: RowGround): string {
  const { identity } = capabilities;
  return keyed(tableOf(opening), { [identity]: identity === 'Alias' ? opening.id : descriptionOf(opening) });
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
  const rule = ruleRow({ opening, seconds }, ground, now);
  return rule ? [rule, row] : [row];
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
