import { type AskedPart, ask, contentList, exchange, probeResults, startAnswer, startView } from '@sluice/api';
import type { PeerAnswer } from '@sluice/io';
import { refuse } from '@sluice/model';
import type { PortalConfig } from './config.ts';
import type { MediaServer } from './parts.ts';

/** A media server behind its HTTP API. */
export function remoteMediaServer(
  part: AskedPart<PeerAnswer>,
  place: string,
  limits: PortalConfig['limits'],
): MediaServer {
  const startPath = (sessionId: string) => `/v1/starts/${encodeURIComponent(sessionId)}`;
  const look = { mostMs: limits.lookMs };
  return {
    place,
    async contents(family, signal) {
      const path = `/v1/contents?family=${family}`;
      const answer = await ask(part, contentList, { method: 'GET', path, ...look }, signal);
      return answer.kind === 'refused' ? answer : { kind: 'granted', value: answer.value.contents };
    },
    async poster(contentId, signal) {
      const path = `/v1/contents/${encodeURIComponent(contentId)}/poster`;
      const answer = await exchange(part, { method: 'GET', path, ...look }, signal);
      if (answer.kind === 'refused') return answer;
      const { status, contentType, body } = answer.value;
      // SVG can carry script, and these bytes are shown under our own name.
      if (status === 200 && /^image\/(jpeg|png|webp|avif)$/.test(contentType))
        return { kind: 'granted', value: { contentType, body } };
      return { kind: 'refused', refusal: refuse('content-unknown', `there is no poster of ${contentId}`, contentId) };
    },
    start: (json, signal) =>
      ask(
        part,
        startAnswer,
        { method: 'POST', path: '/v1/starts', json, mostMs: limits.startMs, silence: 'media-not-started' },
        signal,
      ),
    startAwaited: (json, signal) =>
      ask(
        part,
        startAnswer,
        {
          ...{ method: 'POST', path: '/v1/awaited-starts', json },
          ...{ mostMs: limits.configurationMs + limits.startMs, silence: 'media-not-started' },
        },
        signal,
      ),
    look: (sessionId, signal) => ask(part, startView, { method: 'GET', path: startPath(sessionId), ...look }, signal),
    stop: (sessionId, signal) =>
      ask(part, startView, { method: 'DELETE', path: startPath(sessionId), ...look }, signal),
    probe: (json, signal) => ask(part, probeResults, { method: 'POST', path: '/v1/probes', json, ...look }, signal),
  };
}
