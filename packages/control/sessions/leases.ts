import type { GrantedOpening, Instant, Outcome } from '@sluice/model';
import { fullLeaseMs, leaseEnd } from '../planning/lease.ts';
import { endLive } from './closing.ts';
import type { LiveHop, LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** Puts the gateway of a hop right, when a renewal shows that it does not hold what it should. */
export type PutRight = (hop: LiveHop) => void;

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

  /**
   * What a renewal at some of a session's hops makes of it; told to the store later, as it can be learnt again from the
   * gateways. `openings`: those that were put back.
   */
  renewed(
    live: LiveSession,
    hops: readonly LiveHop[],
    openings: readonly GrantedOpening[],
    until: number,
    detail: string,
  ): void {
    const byId = new Map(openings.map((opening) => [opening.id, opening]));
    const renewed = live.session.openings.map((opening) => {
      if (!hops.some(({ index }) => index === (opening.hop ?? 0))) return opening;
      const { mayLack: _, ...granted } = byId.get(opening.id) ?? opening;
      return { ...opening, ...granted, until: byId.get(opening.id)?.until ?? until };
    });
    const further = live.hops.filter((hop) => !hops.includes(hop)).flatMap((hop) => live.openingsOf(hop));
    live.update({ until: Math.min(until, ...further.map((opening) => opening.until)), openings: renewed });
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

  /** Every hop is renewed; the session's lease is a longer one when all are. */
  async #renew(live: LiveSession): Promise<void> {
    const { clock } = this.#w;
    const renewals = await Promise.all(live.hops.map((hop) => this.#renewAt(live, hop)));
    if (live.session.state !== 'open') return;
    const ends = renewals.flatMap((renewal) => (renewal?.outcome.kind === 'applied' ? [renewal.until] : []));
    if (ends.length === live.hops.length) {
      const until = Math.min(...ends);
      return this.renewed(live, live.hops, [], until, `until ${new Date(until).toISOString()}`);
    }
    for (const [index, hop] of live.hops.entries()) {
      const outcome = renewals[index]?.outcome;
      if (!outcome || outcome.kind === 'applied') continue;
      const why = outcome.kind === 'refused' ? outcome.refusal.message : outcome.reason;
      live.noteAt(hop, clock.now(), 'renewal-failed', why);
      if (outcome.kind === 'refused' && outcome.refusal.code !== 'gateway-offline') this.#putRight(hop);
    }
    this.attend(live);
  }

  async #renewAt(
    live: LiveSession,
    hop: LiveHop,
  ): Promise<{ readonly outcome: Outcome; readonly until: Instant } | undefined> {
    const { clock, settings, stopped } = this.#w;
    return hop.link.turns.shared(stopped, async () => {
      if (live.session.state !== 'open') return undefined;
      const traits = live.traitsOf(hop);
      const until = leaseEnd(clock.now(), fullLeaseMs(settings, traits), traits, live.session.endsAt);
      const before = hop.heldUntil;
      hop.heldUntil = Math.max(before, until);
      const renew = live.openingsOf(hop).map((opening) => ({ opening, until }));
      const { outcome, granted } = await hop.link.apply({ renew }, stopped);
      if (outcome.kind === 'refused') hop.heldUntil = before;
      hop.heldUntil = Math.max(hop.heldUntil, ...granted.map((opening) => opening.until));
      return { until: shorter(until, granted), outcome };
    });
  }
}

/** When renewed openings end: as asked, or sooner where the gateway gave less. It counts whole seconds. */
function shorter(asked: Instant, granted: readonly GrantedOpening[]): Instant {
  const end = Math.min(asked, ...granted.map(({ until }) => until));
  return end < asked - roundingMs ? end : asked;
}
