import type { ContentRequest, ContentSession } from '@sluice/model';
import type { RequestKey } from '../store.ts';

/** A request key as one string, for maps. */
export function keyOf({ portalId, applianceId, requestId }: RequestKey): string {
  return JSON.stringify([portalId, applianceId, requestId]);
}

/** What a session is asked for: a request, or the two halves of a call. */
export type Asking = Pick<ContentSession, 'request' | 'peer'>;

/**
 * Whether two with the same key ask the same. The ports of the flow are left out: an appliance that asks again does so
 * over a new connection. The address it comes from is part of what it asks: openings follow it. Where the streams of a
 * call come from is not asked: it is what comes of it.
 */
export function sameAsking(one: Asking, other: Asking): boolean {
  return bodyOf(one) === bodyOf(other);
}

function bodyOf({ request, peer }: Asking): string {
  return JSON.stringify([halfOf(request, peer !== undefined), peer && [peer.applianceId, halfOf(peer, true)]]);
}

function halfOf({ contentId, flow, localAddresses, streams }: ContentRequest, isCall: boolean) {
  const rows = streams.map((stream) => [
    stream.id,
    stream.streamType,
    ...(isCall ? [] : [stream.remote.address, stream.remote.port]),
    stream.localPort,
    stream.payloadType ?? null,
    stream.pairedWith ?? null,
  ]);
  return [contentId, flow.observed.address, localAddresses, rows];
}
