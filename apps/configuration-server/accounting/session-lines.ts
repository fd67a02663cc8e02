import type { Audit, Fields, Sparing } from '@sluice/audit';
import type { Happening } from '@sluice/control';
import { type ContentRequest, type ContentSession, formatEndpoint, type Refusal } from '@sluice/model';

/** Accounts for what happens to sessions: who asked, what opened where, for whom, until when, what passed, why it ended. */
export function sessionLines(audit: Audit, sparing: Sparing): (happening: Happening) => void {
  return (happening) => {
    switch (happening.event) {
      case 'asked':
        return audit.note('session-asked', { ...whoseSession(happening.session), ...asked(happening.session.request) });
      case 'granted':
        return audit.note('session-opened', { ...whoseSession(happening.session), ...opened(happening.session) });
      case 'refused':
      case 'doubted': {
        const { session, event } = happening;
        const doubt = event === 'doubted' ? { held: 'unknown: it is being undone' } : {};
        return audit.note('session-refused', { ...whoseSession(session), ...refusal(session.refusal), ...doubt });
      }
      case 'undone':
        return audit.note('session-closed', { ...whoseSession(happening.session), ...closed(happening.session) });
      case 'turned-away': {
        const { request } = happening;
        const { isNoted, ...spared } = sparing.ask(request.portalId);
        if (!isNoted) return;
        const told = { ...whose(request), ...asked(request), ...refusal(happening.refusal), ...spared };
        return audit.note('session-refused', told);
      }
      default:
        // The beginning of a close; its end tells all.
        return;
    }
  };
}

function whoseSession({ sessionId, gatewayId, hops, request, peer }: ContentSession): Fields {
  return {
    session: sessionId,
    ...whose(request),
    gateway: gatewayId,
    ...(hops && { hops: hops.map((hop) => hop.gatewayId) }),
    ...(peer && { peer: peer.applianceId, peerFrom: formatEndpoint(peer.flow.observed) }),
  };
}

function whose({ requestId, applianceId, contentId, portalId }: ContentRequest): Fields {
  return { request: requestId, appliance: applianceId, content: contentId, portal: portalId };
}

function asked({ flow, localAddresses, consent, streams, receiver }: ContentRequest): Fields {
  return {
    from: formatEndpoint(flow.observed),
    // What the request brought; the gateway judges it.
    consent: consent === undefined ? 'flow' : 'signed',
    ...(receiver && { receiver }),
    ...(localAddresses.length > 0 && { local: [...localAddresses] }),
    streams: streams.map(({ id, streamType, remote, localPort }) => ({
      id,
      type: streamType,
      remote: endOf(remote),
      port: localPort,
    })),
  };
}

function opened({ openings, until, endsAt, request, holding, hops }: ContentSession): Fields {
  return {
    consent: request.consent === undefined ? 'flow' : 'signed',
    openings: openings.map(({ id, streamId, streamType, remote, global, local, hop = 0 }) => ({
      id,
      ...(hops && { gateway: hops[hop]?.gatewayId ?? '' }),
      stream: streamId,
      type: streamType,
      remote: endOf(remote),
      global: formatEndpoint(global),
      local: formatEndpoint(local),
    })),
    until: new Date(until).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    ...(holding && holding.notes.length > 0 && { lacks: [...holding.notes] }),
  };
}

function closed({ openings, createdAt, closeReason, refusal: no }: ContentSession): Fields {
  const sum = (of: 'packets' | 'bytes') => openings.reduce((all, { counters }) => all + (counters?.[of] ?? 0), 0);
  return {
    why: closeReason ?? no?.code ?? 'failed',
    since: new Date(createdAt).toISOString(),
    packets: sum('packets'),
    bytes: sum('bytes'),
    openings: openings.map(({ id, counters }) => ({ id, ...counters })),
  };
}

function refusal(no: Refusal | undefined): Fields {
  return no ? { code: no.code, reason: no.message, ...(no.subject !== undefined && { subject: no.subject }) } : {};
}

function endOf({ address, port }: { readonly address: string; readonly port?: number }): string {
  return port === undefined ? address : formatEndpoint({ address, port });
}
