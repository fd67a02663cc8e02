import type { Cancel, Instant } from '@sluice/model';
import type { Deciding } from '../verdict.ts';

/** A renewal that is on its way when the lease ends must not look like an end. */
const renewalMs = 1_000;
/** A configuration server that cannot be asked is asked again after this, ms. */
const retryMs = 10_000;

/**
 * Looks at a session whenever its lease ends, until it is over - closed by somebody else, revoked, its lease not renewed -
 * and then says why, once. `until` is the first lease's end.
 */
export function watchSession(
  { configuration, clock, lifetime }: Pick<Deciding, 'configuration' | 'clock' | 'lifetime'>,
  sessionId: string,
  until: Instant,
  over: (why: string) => void,
): Cancel {
  let isWatched = true;
  let cancel: Cancel = () => {};
  const watch = (at: Instant) => {
    const waitMs = Math.max(at - clock.now(), 0) + renewalMs;
    cancel = clock.after(waitMs, () => void look().catch(() => {}));
  };
  const look = async () => {
    const answer = await configuration.look(sessionId, lifetime);
    if (!isWatched) return;
    if (answer.kind === 'granted' && answer.value.state === 'open') return watch(answer.value.until);
    if (answer.kind === 'refused' && answer.refusal.code !== 'session-unknown') return watch(clock.now() + retryMs);
    over(answer.kind === 'granted' ? (answer.value.closeReason ?? answer.value.state) : 'session-unknown');
  };
  watch(until);
  return () => {
    isWatched = false;
    cancel();
  };
}
