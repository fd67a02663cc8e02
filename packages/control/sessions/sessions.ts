import { type CloseReason, type ContentRequest, type ContentSession, refuse } from '@sluice/model';
import { waitFor } from '../bounded.ts';
import type { Admission, Verdict } from '../control.ts';
import type { Registrations } from '../registration/registrations.ts';
import type { Store } from '../store.ts';
import { closeLive, endLive, ofSession, undoLater, withCounters } from './closing.ts';
import type { Leases } from './leases.ts';
import { LiveSession } from './live.ts';
import { sameRequest } from './request.ts';
import { addStep } from './timeline.ts';
import { beginSession, reachVerdict } from './verdict.ts';
import type { Workings } from './workings.ts';

/** A lease that ran out this shortly ago explains that an opening is gone: gateways count whole seconds. */
const roundingMs = 1_500;

/** Content sessions from the request to the end. */
export class Sessions {
  readonly #w: Workings;
  readonly #store: Store;
  readonly #registrations: Registrations;
  readonly #leases: Leases;

  constructor(w: Workings, store: Store, registrations: Registrations, leases: Leases) {
    this.#w = w;
    this.#store = store;
    this.#registrations = registrations;
    this.#leases = leases;
  }

  /** See Control.open. */
  async open(request: ContentRequest, signal: AbortSignal, admit?: Admission): Promise<Verdict> {
    const live = this.#w.live.ofRequest(request);
    if (live) return this.#join(live, request, signal);
    const [stored, gateway] = await Promise.all([
      this.#store.sessionOfRequest(request),
      this.#registrations.gatewayOf(request.applianceId),
    ]);
    // The same request may have begun, or come to its end, while the store was asked.
    const meanwhile = this.#w.live.ofRequest(request);
    if (meanwhile) return this.#join(meanwhile, request, signal);
    if (stored) return sameRequest(stored.request, request) ? verdictOf(stored) : conflict(request);
    const no = admit?.(request, 'code' in gateway ? undefined : gateway.gatewayId);
    if (no) return { kind: 'refused', refusal: no };
    if ('code' in gateway) return { kind: 'refused', refusal: gateway };
    const link = this.#w.links.to(gateway, request.applianceId);
    if (!link) {
      const message = `nobody here speaks to gateways of type ${gateway.type}; register ${gateway.gatewayId} anew`;
      return { kind: 'refused', refusal: refuse('gateway-unspoken', message) };
    }
    const begun = beginSession(this.#w, request, link);
    this.#w.live.add(begun);
    begun.verdict = reachVerdict(this.#w, this.#leases, begun).catch((error: unknown) => {
      if (begun.session.state === 'opening') this.#w.live.remove(begun);
      throw error;
    });
    // Whoever asked may have left already.
    begun.verdict.catch(() => undefined);
    return this.#join(begun, request, signal);
  }

  /** See Control.close. */
  async close(sessionId: string, reason: CloseReason, signal: AbortSignal): Promise<ContentSession | undefined> {
    const live = this.#w.live.get(sessionId);
    if (!live) return this.#store.session(sessionId);
    if (live.session.state === 'opening' && live.verdict) {
      const verdict = live.verdict;
      await waitFor(signal, () => verdict);
    }
    await waitFor(signal, () => closeLive(this.#w, live, reason));
    return live.session;
  }

  /** See Control.session. */
  async session(sessionId: string): Promise<ContentSession | undefined> {
    return this.#w.live.get(sessionId)?.session ?? this.#store.session(sessionId);
  }

  /** See Control.look. */
  async look(sessionId: string, signal: AbortSignal): Promise<ContentSession | undefined> {
    const live = this.#w.live.get(sessionId);
    if (live?.session.state !== 'open') return this.session(sessionId);
    await live.link.turns.shared(signal, () => this.#missing(live, signal));
    return live.session;
  }

  /** See Control.openingsGone. What a gateway says is looked after: a message may be older than what was put back since. */
  openingsGone(gatewayId: string, openingIds: readonly string[]): void {
    for (const sessionId of new Set(openingIds.map((id) => id.slice(0, id.lastIndexOf('-'))))) {
      const live = this.#w.live.get(sessionId);
      if (live?.session.state !== 'open' || live.session.gatewayId !== gatewayId) continue;
      this.#checkGone(live).catch((error: unknown) => {
        if (!this.#w.stopped.aborted)
          this.#w.log.error({ sessionId, reason: String(error) }, 'looking after a session failed');
      });
    }
  }

  /** Takes up what the store remembers as not ended. */
  async takeUp(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = { limit: 500, ...(after !== undefined && { after }) };
      const sessions = await this.#store.sessions({ states: ['open', 'closing'], ...page });
      for (const session of sessions) await this.#takeUpOne(session);
      after = sessions.at(-1)?.sessionId;
      if (after === undefined) return;
    }
  }

  async #takeUpOne(session: ContentSession): Promise<void> {
    const gateway = await this.#registrations.gateway(session.gatewayId);
    const link = gateway && this.#w.links.to(gateway, session.request.applianceId);
    if (!link) return this.#giveUp(session);
    // A renewal may have been granted after the store was last told.
    const heldUntil = Math.min(session.until + this.#w.settings.leaseMs, session.endsAt);
    const live = new LiveSession(session, link, heldUntil, this.#w.tell);
    live.claimed = true;
    this.#w.live.add(live);
    if (session.state === 'open') this.#leases.attend(live);
    else undoLater(this.#w, live);
  }

  /** The way to its gateway was removed from the registration database: what that still holds ends with its lease. */
  async #giveUp(session: ContentSession): Promise<void> {
    const { sessionId, gatewayId, timeline, refusal, closeReason = 'gateway-lost' } = session;
    this.#w.log.warn({ sessionId, gatewayId }, 'a session is given up: its gateway is no longer registered');
    const entry = { at: this.#w.clock.now(), step: 'given-up', detail: `${gatewayId} is no longer registered` };
    const ended = refusal ? { state: 'refused' as const } : { state: 'closed' as const, closeReason };
    const given = { ...session, ...ended, timeline: addStep(timeline, entry) };
    await this.#store.putSession(given);
    this.#w.tell({ event: 'undone', session: given });
  }

  async #join(live: LiveSession, request: ContentRequest, signal: AbortSignal): Promise<Verdict> {
    if (!sameRequest(live.request, request)) return conflict(request);
    const { verdict } = live;
    if (verdict) await waitFor(signal, () => verdict);
    this.#leases.claim(live);
    return verdictOf(live.session);
  }

  async #checkGone(live: LiveSession): Promise<void> {
    const missing = await live.link.turns.shared(this.#w.stopped, () => this.#missing(live, this.#w.stopped));
    if (missing === 0) return;
    const ran = this.#w.clock.now() >= live.session.until - roundingMs;
    const detail = `${missing} of ${live.session.openings.length} openings were no longer at the gateway`;
    endLive(this.#w, live, ran ? 'lease-ended' : 'household', detail);
  }

  /** How many of a session's openings its gateway does not hold; 0 where it could not be seen. Counters are kept. */
  async #missing(live: LiveSession, signal: AbortSignal): Promise<number> {
    const observed = await live.link.observe(live.session.openings, signal);
    if (!observed || live.session.state !== 'open') return 0;
    withCounters(live, observed);
    const missing = live.session.openings.length - ofSession(live, observed).length;
    return Math.max(0, missing);
  }
}

function verdictOf(session: ContentSession): Verdict {
  const { refusal } = session;
  return refusal ? { kind: 'refused', refusal, session } : { kind: 'granted', session };
}

function conflict(request: ContentRequest): Verdict {
  const message = `the request id ${request.requestId} was used for another request; use a new one`;
  return { kind: 'refused', refusal: refuse('request-conflict', message) };
}
