import type { CloseReason, GrantedOpening, Observed } from '@sluice/model';
import type { LiveSession } from './live.ts';
import { hasEnded } from './state.ts';
import type { Workings } from './workings.ts';

/** Least and longest wait before another try to undo what a gateway may still hold. */
const retryMs = [1_000, 30_000] as const;

/**
 * Begins the way of an open session to its end, or joins it: the gateway is closed and `closing` made durable at once.
 * Resolves after the first try at the gateway, however it went; rejects where the store could not keep it.
 */
export function closeLive(w: Workings, live: LiveSession, reason: CloseReason, detail?: string): Promise<void> {
  if (live.session.state !== 'open') return live.closing ?? Promise.resolve();
  live.move(w.clock.now(), 'closed-by', 'closing', detail === undefined ? reason : `${reason}: ${detail}`, {
    closeReason: reason,
  });
  live.closing = Promise.all([w.records.now(live.session), undo(w, live)]).then(() => undefined);
  return live.closing;
}

/** {@link closeLive} where nobody waits. */
export function endLive(w: Workings, live: LiveSession, reason: CloseReason, detail?: string): void {
  closeLive(w, live, reason, detail).catch((error: unknown) =>
    w.log.error({ sessionId: live.id, reason: String(error) }, 'closing not written'),
  );
}

/** Tries once to leave nothing of a closing session at its gateway; comes back to it later where that did not work. */
export async function undo(w: Workings, live: LiveSession): Promise<void> {
  let nothingLeft = false;
  try {
    // It may have been put right while this waited for its turn.
    const act = async () => hasEnded(live.session.state) || takeBack(w, live);
    nothingLeft = await live.link.turns.shared(w.stopped, act);
  } catch (error) {
    if (!w.stopped.aborted) w.log.error({ sessionId: live.id, reason: String(error) }, 'undoing failed');
  }
  if (w.stopped.aborted || hasEnded(live.session.state)) return;
  if (nothingLeft) finish(w, live);
  else undoLater(w, live);
}

/** A closing session has nothing left at its gateway. */
export function finish(w: Workings, live: LiveSession, detail?: string): void {
  live.move(w.clock.now(), 'undone', live.session.refusal ? 'undone' : 'closed', detail);
  w.deadlines.drop(live.id);
  // Found in memory until the store knows it, so that a look-up never meets an older value.
  void w.records.later(live.session).then(() => w.live.remove(live));
}

/** Comes back to a closing session: well before its last lease ends, and then when it has ended. */
export function undoLater(w: Workings, live: LiveSession): void {
  const now = w.clock.now();
  const leased = live.traits.lease !== undefined && live.session.holding?.held.lease !== false;
  if (leased && now >= live.heldUntil) {
    finish(w, live, 'its lease has ended');
    return;
  }
  const half = Math.min(Math.max((live.heldUntil - now) / 2, retryMs[0]), retryMs[1]);
  const at = leased ? Math.min(now + half, live.heldUntil) : now + retryMs[1];
  w.deadlines.set(live.id, at, () => void undo(w, live));
}

/** New counters in a session's openings, where they were seen. */
export function withCounters(live: LiveSession, observed: Observed | undefined): void {
  if (!observed) return;
  const seen = new Map(observed.ours.map(({ opening, counters }) => [opening.id, counters]));
  const openings = live.session.openings.map((opening) => {
    const counters = seen.get(opening.id);
    return counters ? { ...opening, counters } : opening;
  });
  live.update({ openings });
}

/** Whether nothing of the session is left at its gateway. */
async function takeBack(w: Workings, live: LiveSession): Promise<boolean> {
  const { openings } = live.session;
  if (openings.length > 0) {
    let seen: Observed | undefined;
    // Asked first and not waited for: a revoke never waits for a count. On an ordered link the count is the last one.
    void live.link.observe(openings, w.stopped).then((observed) => {
      seen = observed;
    });
    const revoked = await revoke(w, live, openings);
    withCounters(live, seen);
    if (revoked) return true;
  }
  const observed = await live.link.observe(openings, w.stopped);
  if (!observed) return false;
  const left = mayBeLeft(live, observed);
  return left.length === 0 || (await revoke(w, live, left));
}

async function revoke(w: Workings, live: LiveSession, openings: readonly GrantedOpening[]): Promise<boolean> {
  const { outcome } = await live.link.apply({ close: openings }, w.stopped);
  const now = w.clock.now();
  if (outcome.kind === 'applied') live.note(now, 'revoked', `${openings.length} openings`);
  else if (outcome.kind === 'refused') live.note(now, 'revoke-refused', outcome.refusal.message);
  else live.note(now, 'revoke-unanswered', outcome.reason);
  return outcome.kind === 'applied';
}

/** What of an observation is the session's, with what may be there and cannot be seen. */
export function mayBeLeft(live: LiveSession, observed: Observed): readonly GrantedOpening[] {
  const ids = new Set(live.openingIds);
  return [...ofSession(live, observed), ...(observed.unsure ?? []).filter(({ id }) => ids.has(id))];
}

/** What of an observation is the session's. */
export function ofSession(live: LiveSession, observed: Observed): readonly GrantedOpening[] {
  const ids = new Set(live.openingIds);
  return observed.ours.filter(({ opening }) => ids.has(opening.id)).map(({ opening }) => opening);
}
