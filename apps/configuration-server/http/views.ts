import type { SessionView } from '@sluice/api';
import type { ContentSession } from '@sluice/model';

/** A session as the API shows it. */
export function viewOf(session: ContentSession): SessionView {
  const { request } = session;
  return {
    sessionId: session.sessionId,
    requestId: request.requestId,
    applianceId: request.applianceId,
    contentId: request.contentId,
    portalId: request.portalId,
    gatewayId: session.gatewayId,
    ...(session.hops && { hops: session.hops.map((hop) => ({ ...hop })) }),
    ...(session.peer && { peer: { applianceId: session.peer.applianceId } }),
    state: session.state,
    openings: session.openings.map(({ id, streamId, streamType, remote, global, local, counters, hop }) => ({
      id,
      streamId,
      ...(hop !== undefined && { hop }),
      streamType,
      remote,
      global,
      local,
      ...counters,
    })),
    createdAt: session.createdAt,
    until: session.until,
    endsAt: session.endsAt,
    ...(session.closeReason !== undefined && { closeReason: session.closeReason }),
    ...(session.refusal !== undefined && { refusal: session.refusal }),
    ...holdingOf(session),
    timeline: session.timeline.map((entry) => ({ ...entry })),
  };
}

function holdingOf({ holding }: ContentSession) {
  if (!holding) return {};
  const { held, notes, probes } = holding;
  return { held, heldNotes: [...notes], ...(probes && { probes }) };
}
