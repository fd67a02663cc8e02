import { createHash } from 'node:crypto';
import type { DiscoveredBy, Gateway, HomeSightings, TriedWay } from '@sluice/model';

/** A gateway that was found, and how it was. */
export interface Found {
  readonly gateway: Omit<Gateway, 'evidence'>;
  readonly by: DiscoveredBy;
  /** The home that it is a way into. */
  readonly homeId?: string;
  readonly tried?: readonly TriedWay[];
  readonly sightings?: HomeSightings;
}

const longestId = 128;

/** A gateway that the appliance speaks to itself, where the default route leads, or PCP was found elsewhere. */
export function inHome(type: Gateway['type'], applianceId: string, seen?: HomeSightings): Omit<Gateway, 'evidence'> {
  const elsewhere = type === 'pcp' && seen?.pcp?.address !== seen?.router4 ? seen?.pcp?.address : undefined;
  const communication = { through: 'appliance', ...(elsewhere !== undefined && { address: elsewhere }) };
  return { gatewayId: idOf(type, applianceId), type, communication };
}

/** What one appliance says is about itself alone: another's gateway of the same kind has another name. */
export function idOf(type: string, applianceId: string): string {
  const id = `${type}-of-${applianceId}`;
  return id.length <= longestId ? id : `${type}-of-${createHash('sha256').update(applianceId).digest('hex')}`;
}
