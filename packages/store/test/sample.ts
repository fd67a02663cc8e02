import type { ContentSession, SessionState } from '@sluice/model';

/** A session of the film's five streams, as control makes them. */
export function sampleSession(n: number, state: SessionState = 'open', gatewayId = 'self::gateway-1'): ContentSession {
  const id = `s${String(n).padStart(20, '0')}`;
  const flow = {
    portal: { address: '203.0.113.20', port: 8443 },
    observed: { address: '203.0.113.1', port: 40_000 + (n % 20_000) },
  };
  const streams = (['rtp', 'rtcp', 'rtp', 'rtcp', 'tcp'] as const).map((streamType, index) => ({
    id: `stream-${index}`,
    streamType,
    remote: { address: '203.0.113.10', port: 7000 + index },
    localPort: 5000 + index,
  }));
  const openings = streams.map(({ id: streamId, streamType, remote, localPort }, index) => ({
    id: `${id}-${index}`,
    streamId,
    streamType,
    remote,
    globalPort: 16_384 + ((n * 6 + index) % 16_000),
    global: { address: '203.0.113.1', port: 16_384 + ((n * 6 + index) % 16_000) },
    local: { address: '192.168.1.2', port: localPort },
    until: 1_900_000_010_000,
  }));
  return {
    sessionId: id,
    request: {
      requestId: `r${n}`,
      applianceId: `self::tv-${n % 7}`,
      contentId: 'film',
      portalId: 'self::portal-1',
      flow,
      localAddresses: ['192.168.1.2'],
      streams,
    },
    gatewayId,
    state,
    openings: state === 'refused' ? [] : openings,
    createdAt: 1_900_000_000_000 + n,
    until: 1_900_000_010_000,
    endsAt: 1_900_040_000_000,
    timeline: [
      { at: 1_900_000_000_000 + n, step: 'asked', detail: 'film, 5 streams' },
      { at: 1_900_000_000_001 + n, step: 'asking-gateway', detail: '5 openings' },
      { at: 1_900_000_000_004 + n, step: 'opened', detail: 'stream-0 on 16384, stream-1 on 16385' },
    ],
  };
}
