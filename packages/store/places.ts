import type { OpeningPlace } from '@sluice/control';
import type { ContentSession } from '@sluice/model';

/** Where a session's openings are found; none once it has ended. */
export function placesOf(session: ContentSession): readonly OpeningPlace[] {
  const { sessionId, gatewayId, state } = session;
  if (state === 'closed' || state === 'refused') return [];
  return session.openings.map(({ id, streamType, global, local, hop = 0 }) => ({
    openingId: id,
    sessionId,
    gatewayId: session.hops?.[hop]?.gatewayId ?? gatewayId,
    streamType,
    global,
    local,
  }));
}
