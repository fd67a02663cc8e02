import { type Refusal, refuse } from '@sluice/model';
import type { Gone } from '@sluice/port-control';
import { deletePortMapping, type MappingKey } from '@sluice/wire/igd';
import { askService } from './asking.ts';
import type { WanConnection } from './connection.ts';
import type { Placed } from './mapping-making.ts';
import { isMappingOf } from './own-mapping.ts';
import type { GatewayParts } from './parts.ts';
import { offline, refusalOf, silent } from './refusals.ts';
import { isNotThere, type Look, type MappingTable, type Silence } from './table.ts';

/** What openings over IPv4 are made with. */
export interface PortMapperParts extends GatewayParts {
  readonly connection: WanConnection;
  readonly table: MappingTable;
}

/** Deletes what stands under a key where it is ours, and sees that it is gone. */
export async function removeMapping(
  { connection, from, gatewayId, ports, table }: PortMapperParts,
  opening: Placed,
  key: MappingKey,
  signal: AbortSignal,
): Promise<Gone> {
  const before = await table.peek(key, signal);
  if (before.kind === 'silent')
    return before.sent ? { kind: 'unknown', reason: before.reason } : refused(unseenBy(gatewayId, before));
  if (!isOurs(before, opening)) return { kind: 'gone' };
  const reply = await askService(connection, deletePortMapping(connection.type, key), ports, from, signal);
  if (reply.kind === 'lost') return { kind: 'unknown', reason: reply.reason };
  if (reply.kind === 'not-sent') return refused(offline(gatewayId, reply.reason));
  if (reply.kind === 'fault' && !isNotThere(reply)) return refused(refusalOf(reply, 'mapping', opening.id));
  const after = await table.peek(key, signal);
  if (after.kind === 'silent') return { kind: 'unknown', reason: after.reason };
  if (!isOurs(after, opening)) return { kind: 'gone' };
  return refused(
    refuse('gateway-refused', `the gateway said that it closed ${opening.id}, and still shows it`, opening.id),
  );
}

/** Whether what was looked at is the mapping of an opening. */
export function isOurs(look: Look, opening: Placed): boolean {
  return look.kind === 'mapping' && isMappingOf(look.mapping, opening);
}

/** A refusal as what became of an opening. */
export const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const;

/** The refusal for a gateway that could not be looked at: nothing was changed. */
export function unseenBy(gatewayId: string, { reason, sent }: Silence): Refusal {
  return sent ? silent(gatewayId, reason) : offline(gatewayId, reason);
}
