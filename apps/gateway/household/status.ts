import { z } from 'zod';
import type { Openings } from '../openings/openings.ts';
import { objectOf } from '../openings/row.ts';
import { streamTypeWanted } from '../openings/wanted.ts';

const endpoint = z.object({ address: z.string(), port: z.number() });

/** What a household sees of one opening. */
export const openingStatus = z.object({
  /** Its controller's name for it; `sluice gateway close` takes it. */
  id: z.string(),
  /** "Device.NAT.PortMapping.3" */
  path: z.string(),
  /** The controller that made it. */
  owner: z.string(),
  state: z.string(),
  streamType: z.string(),
  /** Who may send; without address anyone, without port from any. */
  remote: z.object({ address: z.string().optional(), port: z.number().optional() }),
  /** Where it arrives, and the device it is for. */
  global: endpoint.optional(),
  local: endpoint.optional(),
  /** ISO 8601; null for one without end. */
  until: z.string().nullable(),
  packets: z.number(),
  bytes: z.number(),
  description: z.string(),
});

/** What a household sees of its gateway. */
export const householdStatus = z.object({
  endpointId: z.string(),
  paused: z.boolean(),
  controllers: z.array(z.object({ endpointId: z.string(), connected: z.boolean() })),
  openings: z.array(openingStatus),
});

/** {@link openingStatus}, read. */
export type OpeningStatus = z.infer<typeof openingStatus>;

/** {@link householdStatus}, read. */
export type HouseholdStatus = z.infer<typeof householdStatus>;

/** Every opening, whoever made it, as it is now. */
export function openingStatuses(openings: Openings): OpeningStatus[] {
  return [...openings.rows.all()].flatMap((row) => {
    const shown = openings.show(row);
    if (!shown) return [];
    const { opening, wanted, carried } = row;
    const remote = { address: wanted.remoteAddress, port: wanted.remotePort };
    return {
      id: wanted.alias,
      path: objectOf(row).slice(0, -1),
      owner: row.owner,
      state: opening ? (shown.stranded ? 'stranded' : 'open') : 'disabled',
      streamType: streamTypeWanted(wanted),
      remote,
      global: opening?.global,
      local: opening?.local,
      until: row.until === Number.POSITIVE_INFINITY ? null : new Date(row.until).toISOString(),
      packets: carried.packets + (shown.held?.packets ?? 0),
      bytes: carried.bytes + (shown.held?.bytes ?? 0),
      description: wanted.description,
    };
  });
}
