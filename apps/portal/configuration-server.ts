import { type AskedPart, ask, callProposal, openedSession, sessionView } from '@sluice/api';
import type { PeerAnswer } from '@sluice/io';
import type { PortalConfig } from './config.ts';
import type { CallOpener, ConfigurationServer } from './parts.ts';

/** The configuration server behind its HTTP API. */
export function remoteConfigurationServer(
  part: AskedPart<PeerAnswer>,
  limits: PortalConfig['limits'],
): ConfigurationServer & CallOpener {
  const sessionPath = (sessionId: string) => `/v1/sessions/${encodeURIComponent(sessionId)}`;
  return {
    open: (json, signal) =>
      ask(part, openedSession, { method: 'POST', path: '/v1/sessions', json, mostMs: limits.configurationMs }, signal),
    openCall: (json, signal) =>
      ask(part, sessionView, { method: 'POST', path: '/v1/calls', json, mostMs: limits.configurationMs }, signal),
    proposeCall: (json, signal) =>
      ask(
        part,
        callProposal,
        { method: 'POST', path: '/v1/calls/proposals', json, mostMs: limits.configurationMs },
        signal,
      ),
    look: (sessionId, signal) =>
      ask(part, sessionView, { method: 'GET', path: sessionPath(sessionId), mostMs: limits.lookMs }, signal),
    close: (sessionId, reason, signal) =>
      ask(
        part,
        sessionView,
        {
          method: 'DELETE',
          path: `${sessionPath(sessionId)}?reason=${reason}`,
          mostMs: limits.configurationMs,
        },
        signal,
      ),
  };
}
