import type { GatewayAddresses, GrantedOpening, Observed } from '@sluice/model';
import type { Reconciliation } from '../control.ts';
import { type GatewayLink, messageOf } from '../gateways/link.ts';
import { askedAgain, compare, type SessionDifference } from '../planning/difference.ts';
import { faultOfGrant } from '../planning/granted.ts';
import { checkHolding, heldBy, heldLess } from '../planning/holding.ts';
import { fullLeaseMs, leaseEnd } from '../planning/lease.ts';
import { heldAlong } from '../planning/path-holding.ts';
import { endLive, finish, mayBeLeft, withCounters } from './closing.ts';
import type { Leases } from './leases.ts';
import type { LiveSession } from './live.ts';
import type { Workings } from './workings.ts';

/** Sessions of one gateway that are put right at the same time. */
const together = 32;

/** Wait before a gateway that answered only in part is put right again. */
const againMs = 10_000;

/** Makes what a whole gateway holds what our sessions want of it. */
export class Restoring {
  readonly #w: Workings;
  readonly #leases: Leases;
  /** Put right as soon as its turn comes; who asks meanwhile joins. */
  readonly #waiting = new Map<GatewayLink, Promise<Reconciliation>>();

  constructor(w: Workings, leases: Leases) {
    this.#w = w;
    this.#leases = leases;
  }

  /** Looks, takes away what no session wants, puts back what one wants. Nobody else speaks to the gateway meanwhile. */
  putRight(link: GatewayLink): Promise<Reconciliation> {
    const waiting = this.#waiting.get(link);
    if (waiting) return waiting;
    let begun = false;
    const work = link.turns.alone(this.#w.stopped, () => {
      begun = true;
      this.#waiting.delete(link);
      return this.#putRight(link);
    });
    // What has begun may have looked already: who asks from now on has news that it does not know.
    if (!begun) this.#waiting.set(link, work);
    const forget = () => {
      if (this.#waiting.get(link) === work) this.#waiting.delete(link);
    };
    work.then(forget, forget);
    return work;
  }

  /** {@link putRight} where nobody waits. */
  putRightSoon(link: GatewayLink): void {
    this.putRight(link).catch((error: unknown) => {
      if (this.#w.stopped.aborted) return;
      this.#w.log.error(
        { gatewayId: link.gateway.gatewayId, reason: messageOf(error) },
        'putting a gateway right failed',
      );
    });
  }

  async #putRight(link: GatewayLink): Promise<Reconciliation> {
    const { gatewayId } = link.gateway;
    const sessions = this.#w.live.ofLink(link).filter(({ session }) => session.state !== 'opening');
    const seen = await this.#look(link, sessions);
    if (!seen) {
      if (link.online) this.#again(link);
      return { complete: false, removed: 0, putBack: 0, held: 0, foreign: link.foreign ?? 0 };
    }
    const { observed, addresses } = seen;
    const wanted = sessions.map((live) => ({
      sessionId: live.id,
      state: live.session.state,
      openings: live.hopsOn(link).flatMap((hop) => live.openingsOf(hop)),
    }));
    const difference = compare(wanted, observed, { addresses, traits: link.traits });
    const removed = difference.remove.length === 0 || (await this.#remove(link, seen, difference.remove));
    for (const live of sessions) {
      withCounters(live, observed);
      if (live.session.state !== 'closing') continue;
      for (const hop of live.hopsOn(link)) {
        const left = mayBeLeft(live, hop, removed ? { ...observed, ours: [] } : observed);
        hop.cleared ||= left.length === 0;
      }
      if (live.hops.every(({ cleared }) => cleared)) finish(this.#w, live, 'seen at the gateway');
    }
    for (const sessionId of difference.moved) {
      const live = this.#w.live.get(sessionId);
      if (live) endLive(this.#w, live, 'failed', "the gateway's global address changed");
    }
    const putBack = removed ? await this.#putBack(link, difference.open, seen) : undefined;
    const result: Reconciliation = {
      complete: putBack?.every((count) => count !== undefined) ?? false,
      removed: removed ? difference.remove.length : 0,
      putBack: putBack?.reduce<number>((sum, count) => sum + (count ?? 0), 0) ?? 0,
      held: difference.open.reduce((sum, { held }) => sum + held.length, 0),
      foreign: observed.foreign,
    };
    this.#w.log.info({ gatewayId, ...result }, 'gateway put right');
    if (!result.complete) this.#again(link);
    return result;
  }

  async #look(link: GatewayLink, sessions: readonly LiveSession[]): Promise<Seen | undefined> {
    const { stopped } = this.#w;
    try {
      const addresses = await link.readAddresses(stopped);
      const believed = sessions.flatMap((live) => live.hopsOn(link).flatMap((hop) => live.openingsOf(hop)));
      const observed = await link.observe(believed, stopped);
      return observed && { observed, addresses };
    } catch (error) {
      this.#w.log.info({ gatewayId: link.gateway.gatewayId, reason: messageOf(error) }, 'gateway not reached');
      return undefined;
    }
  }

  async #remove(link: GatewayLink, { observed }: Seen, remove: readonly GrantedOpening[]): Promise<boolean> {
    const { outcome } = await link.apply({ close: remove }, this.#w.stopped, observed);
    if (outcome.kind === 'applied') return true;
    // A row may have run out since it was seen; the next look tells.
    const left = await link.observe(remove, this.#w.stopped);
    const ids = new Set(remove.map(({ id }) => id));
    return left !== undefined && !left.ours.some(({ opening }) => ids.has(opening.id));
  }

  /** How many openings were put back for each session; undefined where the gateway left that open. */
  async #putBack(
    link: GatewayLink,
    differences: readonly SessionDifference[],
    seen: Seen,
  ): Promise<(number | undefined)[]> {
    const counts: (number | undefined)[] = [];
    for (let i = 0; i < differences.length; i += together) {
      const some = differences.slice(i, i + together);
      counts.push(...(await Promise.all(some.map((difference) => this.#putBackOne(link, difference, seen)))));
    }
    return counts;
  }

  async #putBackOne(
    link: GatewayLink,
    { sessionId, missing, held }: SessionDifference,
    seen: Seen,
  ): Promise<number | undefined> {
    const live = this.#w.live.get(sessionId);
    const hops = live?.hopsOn(link) ?? [];
    const [first] = hops;
    if (live?.session.state !== 'open' || !first) return 0;
    const { session } = live;
    const traits = live.traitsOf(first);
    const now = this.#w.clock.now();
    const { leaseMs } = this.#w.settings;
    const due = live.claimed && session.until - now < leaseMs / 2;
    if (missing.length === 0 && !due) return 0;
    const until = live.claimed
      ? leaseEnd(now, fullLeaseMs(this.#w.settings, traits), traits, session.endsAt)
      : session.until;
    if (until <= now) return 0;
    for (const hop of hops) hop.heldUntil = Math.max(hop.heldUntil, until);
    const open = missing.map((opening) => askedAgain(opening, until, this.#w.settings.weaker));
    const renew = held.map((opening) => ({ opening, until }));
    const { outcome, granted } = await link.apply({ open, renew }, this.#w.stopped, seen.observed);
    if (live.session.state !== 'open') return 0;
    const unreached = outcome.kind === 'refused' && outcome.refusal.code === 'gateway-offline';
    if (outcome.kind === 'unknown' || unreached) return undefined;
    const fault =
      outcome.kind === 'refused'
        ? outcome.refusal.message
        : (faultOfGrant(open, granted, { addresses: seen.addresses, traits: link.traits }) ??
          this.#weaker(live, granted));
    if (fault !== undefined) {
      endLive(this.#w, live, 'failed', `its openings could not be put back: ${fault}`);
      return 0;
    }
    if (missing.length > 0) live.note(now, 'put-back', `${missing.length} of ${session.openings.length} openings`);
    this.#leases.renewed(live, hops, granted, until, 'when the gateway was put right');
    return missing.length;
  }

  /** What the gateway holds less tightly than before, and than the deployment's policy lets it. */
  #weaker(live: LiveSession, granted: readonly GrantedOpening[]): string | undefined {
    const { holding } = live.session;
    const before = holding?.held ?? heldAlong(live.hops.map((hop) => heldBy(live.traitsOf(hop))));
    const held = heldLess(before, granted, undefined);
    const refusal = checkHolding(live.request, held, this.#w.settings.weaker);
    if (!refusal && holding) live.update({ holding: { ...holding, held } });
    return refusal?.message;
  }

  #again(link: GatewayLink): void {
    this.#w.deadlines.set(`gateway ${link.name}`, this.#w.clock.now() + againMs, () => this.putRightSoon(link));
  }
}

interface Seen {
  readonly observed: Observed;
  readonly addresses: GatewayAddresses;
}
