import { z } from 'zod';
import type { LearnedAppliance } from '../consent/learned-keys.ts';
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
  /** Why it may be open. */
  consent: z.enum(['signed', 'flow', 'operator', 'unchecked']),
  /** The appliance that signed, as long as the agent remembers. */
  applianceId: z.string().optional(),
});

/** What a household sees of its gateway. */
export const householdStatus = z.object({
  endpointId: z.string(),
  paused: z.boolean(),
  controllers: z.array(z.object({ endpointId: z.string(), connected: z.boolean() })),
  openings: z.array(openingStatus),
  /** How its rules stand in the kernel; left out where nobody looks. */
  firewall: z
    .object({ mode: z.enum(['owner', 'guest']), beside: z.array(z.string()), trouble: z.string().optional() })
    .optional(),
  /** Where the audit has come to, and how it is doing; left out where there is none. */
  audit: z
    .object({
      seq: z.number(),
      hash: z.string(),
      lost: z.number(),
      failing: z.string().optional(),
    })
    .optional(),
});

/** The appliances that have introduced themselves. */
export const householdAppliances = z.object({
  appliances: z.array(
    z.object({ applianceId: z.string(), device: z.string(), since: z.string(), thumbprint: z.string() }),
  ),
});

/** {@link householdAppliances}, read. */
export type HouseholdAppliances = z.infer<typeof householdAppliances>;

/** As a household sees them; `since` in ISO 8601. */
export function applianceStatuses(learned: readonly LearnedAppliance[]): HouseholdAppliances['appliances'] {
  return learned.map(({ applianceId, device, since, thumbprint }) => ({
    ...{ applianceId, device, thumbprint },
    since: new Date(since).toISOString(),
  }));
}

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
      consent: row.consent.by,
      ...(row.consent.applianceId !== undefined && { applianceId: row.consent.applianceId }),
    };
  });
}
