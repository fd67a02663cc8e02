import type { GrantedOpening, Instant } from '@sluice/model';
import { fullLeaseMs, leaseEnd } from '../planning/lease.ts';
import { endLive } from './closing.ts';
import type { LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** Puts the gateway of a session right, when a renewal shows that it does not hold what it should. */
export type PutRight = (live: LiveSession) => void;

/** Least wait before another try to renew. */
const leastRetryMs = 1_000;

/** What a gateway that counts whole seconds may take off a lease. */
const roundingMs = 1_500;

/** Keeps open sessions open: renews at half of each lease, and ends what can be renewed no more. */
export class Leases {
  readonly #w: Workings;
  readonly #putRight: PutRight;

  constructor(w: Workings, putRight: PutRight) {
    this.#w = w;
    this.#putRight = putRight;
  }

  /** Somebody took the verdict: the provisional lease becomes a full one, after the answer has gone out. */
  claim(live: LiveSession): void {
    if (live.claimed || live.session.state !== 'open') return;
    live.claimed = true;
    const { until, endsAt, openings } = live.session;
    const now = this.#w.clock.now();
    live.note(now, 'answered');
    const enough = Math.min(now + this.#w.settings.leaseMs / 2, endsAt);
    // Where the gateway made the first lease a long one, that one serves.
    const granted = Math.min(...openings.map((opening) => opening.until), endsAt);
    if (until < enough && granted >= enough) live.update({ until: granted });
    if (live.session.until >= enough) this.attend(live);
    else this.#at(live, now);
  }

  /** Comes back to an open session at half of what its lease has left, or at its end where it is not to be renewed. */
  attend(live: LiveSession): void {
    const { until, endsAt } = live.session;
    const now = this.#w.clock.now();
    const renewable = live.claimed && until < endsAt;
    this.#at(live, renewable ? Math.min(now + Math.max((until - now) / 2, leastRetryMs), until) : until);
  }

  /** What a renewal makes of a session; told to the store later, as it can be learnt again from the gateway. */
  renewed(live: LiveSession, openings: readonly GrantedOpening[], until: number, detail: string): void {
    const byId = new Map(openings.map((opening) => [opening.id, opening]));
    live.update({
      until,
      openings: live.session.openings.map((opening) => {
        const { mayLack: _, ...granted } = byId.get(opening.id) ?? opening;
        return { ...opening, ...granted, until: byId.get(opening.id)?.until ?? until };
      }),
    });
    live.note(this.#w.clock.now(), 'renewed', detail);
    void this.#w.records.later(live.session);
    this.attend(live);
  }

  #at(live: LiveSession, at: number): void {
    this.#w.deadlines.set(live.id, at, () => this.#due(live));
  }

  #due(live: LiveSession): void {
    const { state, until, endsAt } = live.session;
    if (state !== 'open') return;
    if (this.#w.clock.now() < until) {
      this.#renew(live).catch((error: unknown) => {
        if (this.#w.stopped.aborted) return;
        this.#w.log.error({ sessionId: live.id, reason: String(error) }, 'renewing failed');
        this.attend(live);
      });
    } else if (until >= endsAt) endLive(this.#w, live, 'lease-ended', 'the longest time of a session is over');
    else if (!live.claimed) endLive(this.#w, live, 'lease-ended', 'nobody took the verdict');
    else endLive(this.#w, live, 'gateway-lost', 'the lease ended before the gateway could be reached');
  }

  async #renew(live: LiveSession): Promise<void> {
    const { clock, settings, stopped } = this.#w;
    const { link } = live;
    const outcome = await link.turns.shared(stopped, async () => {
      if (live.session.state !== 'open') return undefined;
      const until = leaseEnd(clock.now(), fullLeaseMs(settings, live.traits), live.traits, live.session.endsAt);
      const before = live.heldUntil;
      live.heldUntil = Math.max(before, until);
      const renew = live.session.openings.map((opening) => ({ opening, until }));
      const { outcome, granted } = await link.apply({ renew }, stopped);
      if (outcome.kind === 'refused') live.heldUntil = before;
      live.heldUntil = Math.max(live.heldUntil, ...granted.map((opening) => opening.until));
      return { until: shorter(until, granted), ...outcome };
    });
    if (!outcome || live.session.state !== 'open') return;
    if (outcome.kind === 'applied')
      return this.renewed(live, [], outcome.until, `until ${new Date(outcome.until).toISOString()}`);
    live.note(clock.now(), 'renewal-failed', outcome.kind === 'refused' ? outcome.refusal.message : outcome.reason);
    this.attend(live);
    if (outcome.kind === 'refused' && outcome.refusal.code !== 'gateway-offline') this.#putRight(live);
  }
}

/** When renewed openings end: as asked, or sooner where the gateway gave less. It counts whole seconds. */
function shorter(asked: Instant, granted: readonly GrantedOpening[]): Instant {
  const end = Math.min(asked, ...granted.map(({ until }) => until));
  return end < asked - roundingMs ? end : asked;
}
