import type { ContentRequest } from '@sluice/model';
import type { RequestKey } from '../store.ts';

/** A request key as one string, for maps. */
export function keyOf({ portalId, applianceId, requestId }: RequestKey): string {
  return JSON.stringify([portalId, applianceId, requestId]);
}

/**
 * Whether two requests with the same key ask the same. The ports of the flow are left out: an appliance that asks
 * again does so over a new connection. The address it comes from is part of what it asks: openings follow it.
 */
export function sameRequest(one: ContentRequest, other: ContentRequest): boolean {
  return bodyOf(one) === bodyOf(other);
}

function bodyOf({ contentId, flow, localAddresses, streams }: ContentRequest): string {
  const rows = streams.map((stream) => [
    stream.id,
    stream.streamType,
    stream.remote.address,
    stream.remote.port,
    stream.localPort,
    stream.payloadType ?? null,
    stream.pairedWith ?? null,
  ]);
  return JSON.stringify([contentId, flow.observed.address, localAddresses, rows]);
}
