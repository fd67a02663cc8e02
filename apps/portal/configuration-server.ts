import { sessionView } from '@sluice/api';
import { type AskedPart, ask } from './asking.ts';
import type { PortalConfig } from './config.ts';
import type { ConfigurationServer } from './parts.ts';

/** The configuration server behind its HTTP API. */
export function remoteConfigurationServer(part: AskedPart, limits: PortalConfig['limits']): ConfigurationServer {
  const sessionPath = (sessionId: string) => `/v1/sessions/${encodeURIComponent(sessionId)}`;
  return {
    open: (json, signal) =>
      ask(
        part,
        sessionView,
        { method: 'POST', path: '/v1/sessions', json, mostMs: limits.configurationMs, silence: 'timeout' },
        signal,
      ),
    look: (sessionId, signal) =>
      ask(
        part,
        sessionView,
        { method: 'GET', path: sessionPath(sessionId), mostMs: limits.lookMs, silence: 'timeout' },
        signal,
      ),
    close: (sessionId, reason, signal) =>
      ask(
        part,
        sessionView,
        {
          method: 'DELETE',
          path: `${sessionPath(sessionId)}?reason=${reason}`,
          mostMs: limits.configurationMs,
          silence: 'timeout',
        },
        signal,
      ),
  };
}
