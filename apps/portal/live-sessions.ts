import type { Clock, Instant } from '@sluice/model';
import type { ConfigurationServer, MediaServer } from './parts.ts';

/** A session that this portal started. */
export interface LiveSession {
  readonly sessionId: string;
  readonly applianceId: string;
  readonly contentId: string;
  readonly server: MediaServer;
  /** What its media server knows it by; left out, its session id. */
  readonly mediaId?: string;
}

/** The sessions that this portal started and that have not ended. */
export interface LiveSessions extends Disposable {
  add(session: LiveSession, until: Instant, ended: () => void): void;
  get(sessionId: string): LiveSession | undefined;
  /** It ended: its media server need not be told by the watch any more. */
  forget(sessionId: string): void;
}

// A renewal that is on its way when the lease ends must not look like an end.
const graceMs = 1_000;
const retryMs = 10_000;

/**
 * Looks at a session when its lease ends, once a lease: one that was revoked, or that nobody renewed, has its media
 * server told to stop.
 */
export function liveSessions(configuration: ConfigurationServer, clock: Clock, lifetime: AbortSignal): LiveSessions {
  const sessions = new Map<string, { session: LiveSession; ended: () => void; cancel: () => void }>();
  const forget = (sessionId: string) => {
    const entry = sessions.get(sessionId);
    sessions.delete(sessionId);
    entry?.cancel();
    entry?.ended();
  };
  const watch = (sessionId: string, at: Instant) => {
    const entry = sessions.get(sessionId);
    if (entry) entry.cancel = clock.after(Math.max(0, at - clock.now()), () => void look(sessionId).catch(() => {}));
  };
  const look = async (sessionId: string) => {
    const answer = await configuration.look(sessionId, lifetime);
    const entry = sessions.get(sessionId);
    if (!entry) return;
    if (answer.kind === 'granted' && answer.value.state === 'open') {
      return watch(sessionId, Math.max(answer.value.until, clock.now()) + graceMs);
    }
    if (answer.kind === 'refused' && answer.refusal.code !== 'session-unknown') {
      return watch(sessionId, clock.now() + retryMs);
    }
    forget(sessionId);
    await entry.session.server.stop(entry.session.mediaId ?? sessionId, lifetime);
  };
  return {
    add(session, until, ended) {
      sessions.set(session.sessionId, { session, ended, cancel: () => {} });
      watch(session.sessionId, until + graceMs);
    },
    get: (sessionId) => sessions.get(sessionId)?.session,
    forget,
    [Symbol.dispose]() {
      for (const entry of sessions.values()) entry.cancel();
      sessions.clear();
    },
  };
}
