import type { CloseReason, GrantedOpening, Observed } from '@sluice/model';
import type { LiveHop, LiveSession } from './live.ts';
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

/** Tries once to leave nothing of a closing session at its gateways; comes back later to those where that did not work. */
export async function undo(w: Workings, live: LiveSession): Promise<void> {
  await Promise.all(live.hops.map((hop) => hop.cleared || undoAt(w, live, hop)));
  if (w.stopped.aborted || hasEnded(live.session.state)) return;
  if (live.hops.every(({ cleared }) => cleared)) finish(w, live);
  else undoLater(w, live);
}

async function undoAt(w: Workings, live: LiveSession, hop: LiveHop): Promise<void> {
  try {
    // It may have been put right while this waited for its turn.
    const act = async () => hop.cleared || takeBack(w, live, hop);
    hop.cleared = await hop.link.turns.shared(w.stopped, act);
  } catch (error) {
    if (!w.stopped.aborted) w.log.error({ sessionId: live.id, reason: String(error) }, 'undoing failed');
  }
}

/** A closing session has nothing left at any gateway. */
export function finish(w: Workings, live: LiveSession, detail?: string): void {
  live.move(w.clock.now(), 'undone', live.session.refusal ? 'undone' : 'closed', detail);
  w.deadlines.drop(live.id);
  // Found in memory until the store knows it, so that a look-up never meets an older value.
  void w.records.later(live.session).then(() => w.live.remove(live));
}

/** Comes back to a closing session: well before the last lease of a gateway ends, and then when it has ended. */
export function undoLater(w: Workings, live: LiveSession): void {
  const now = w.clock.now();
  for (const hop of live.hops) if (isLeased(live, hop) && now >= hop.heldUntil) hop.cleared = true;
  const left = live.hops.filter(({ cleared }) => !cleared);
  if (left.length === 0) {
    finish(w, live, 'its lease has ended');
    return;
  }
  const next = left.map((hop) => {
    const half = Math.min(Math.max((hop.heldUntil - now) / 2, retryMs[0]), retryMs[1]);
    return isLeased(live, hop) ? Math.min(now + half, hop.heldUntil) : now + retryMs[1];
  });
  w.deadlines.set(live.id, Math.min(...next), () => void undo(w, live));
}

function isLeased(live: LiveSession, hop: LiveHop): boolean {
  return live.traitsOf(hop).lease !== undefined && live.session.holding?.held.lease !== false;
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

/** Whether nothing of the session is left at a gateway. */
async function takeBack(w: Workings, live: LiveSession, hop: LiveHop): Promise<boolean> {
  const openings = live.openingsOf(hop);
  if (openings.length > 0) {
    let seen: Observed | undefined;
    // Asked first and not waited for: a revoke never waits for a count. On an ordered link the count is the last one.
    void hop.link.observe(openings, w.stopped).then((observed) => {
      seen = observed;
    });
    const revoked = await revoke(w, live, hop, openings);
    withCounters(live, seen);
    if (revoked) return true;
  }
  const observed = await hop.link.observe(openings, w.stopped);
  if (!observed) return false;
  const left = mayBeLeft(live, hop, observed);
  return left.length === 0 || (await revoke(w, live, hop, left));
}

async function revoke(
  w: Workings,
  live: LiveSession,
  hop: LiveHop,
  openings: readonly GrantedOpening[],
): Promise<boolean> {
  const { outcome } = await hop.link.apply({ close: openings }, w.stopped);
  const now = w.clock.now();
  if (outcome.kind === 'applied') live.noteAt(hop, now, 'revoked', `${openings.length} openings`);
  else if (outcome.kind === 'refused') live.noteAt(hop, now, 'revoke-refused', outcome.refusal.message);
  else live.noteAt(hop, now, 'revoke-unanswered', outcome.reason);
  return outcome.kind === 'applied';
}

/** What of an observation of a hop's gateway is the session's, with what may be there and cannot be seen. */
export function mayBeLeft(live: LiveSession, hop: LiveHop, observed: Observed): readonly GrantedOpening[] {
  const ids = new Set(live.openingIdsOf(hop));
  return [...ofSession(live, hop, observed), ...(observed.unsure ?? []).filter(({ id }) => ids.has(id))];
}

/** What of an observation of a hop's gateway is the session's. */
export function ofSession(live: LiveSession, hop: LiveHop, observed: Observed): readonly GrantedOpening[] {
  const ids = new Set(live.openingIdsOf(hop));
  return observed.ours.filter(({ opening }) => ids.has(opening.id)).map(({ opening }) => opening);
}
