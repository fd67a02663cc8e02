import {
  type CallPorts,
  type CallRequest,
  type CloseReason,
  type ContentRequest,
  type ContentSession,
  type Hop,
  refuse,
} from '@sluice/model';
import { waitFor } from '../bounded.ts';
import type { Admission, Verdict } from '../control.ts';
import type { GatewayLink } from '../gateways/link.ts';
import type { Registrations } from '../registration/registrations.ts';
import type { Store } from '../store.ts';
import { halvesOf } from './calling.ts';
import { closeLive, endLive, ofSession, undoLater, withCounters } from './closing.ts';
import type { Leases } from './leases.ts';
import { type LiveHop, LiveSession } from './live.ts';
import { pathOver } from './path.ts';
import { type Asking, sameAsking } from './request.ts';
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
  open(request: ContentRequest, signal: AbortSignal, admit?: Admission): Promise<Verdict> {
    return this.#open({ request }, undefined, signal, admit);
  }

  /** See Control.openCall. */
  async openCall(call: CallRequest, signal: AbortSignal, admit?: Admission): Promise<Verdict> {
    const halves = halvesOf(call);
    if ('code' in halves) return { kind: 'refused', refusal: halves };
    const [request, peer] = halves;
    return this.#open({ request, peer }, call.ports, signal, admit);
  }

  async #open(
    asked: Asking,
    ports: CallPorts | undefined,
    signal: AbortSignal,
    admit: Admission | undefined,
  ): Promise<Verdict> {
    const { request, peer } = asked;
    const live = this.#w.live.ofRequest(request);
    if (live) return this.#join(live, asked, signal);
    const [stored, own, other] = await Promise.all([
      this.#store.sessionOfRequest(request),
      this.#registrations.pathOf(request.applianceId),
      peer ? this.#registrations.pathOf(peer.applianceId) : [],
    ]);
    // The same request may have begun, or come to its end, while the store was asked.
    const meanwhile = this.#w.live.ofRequest(request);
    if (meanwhile) return this.#join(meanwhile, asked, signal);
    if (stored) return sameAsking(stored, asked) ? verdictOf(stored) : conflict(request);
    const no = admit?.(request, 'code' in own ? undefined : own[0]?.gatewayId);
    if (no) return { kind: 'refused', refusal: no };
    const path = pathOver(this.#w, asked, own, other);
    if ('code' in path) return { kind: 'refused', refusal: path };
    const begun = beginSession(this.#w, asked, path);
    begun.toldPorts = ports;
    this.#w.live.add(begun);
    begun.verdict = reachVerdict(this.#w, this.#leases, begun).catch((error: unknown) => {
      if (begun.session.state === 'opening') this.#w.live.remove(begun);
      throw error;
    });
    // Whoever asked may have left already.
    begun.verdict.catch(() => undefined);
    return this.#join(begun, asked, signal);
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
    await this.#missing(live, signal);
    return live.session;
  }

  /** See Control.openingsGone. What a gateway says is looked after: a message may be older than what was put back since. */
  openingsGone(gatewayId: string, openingIds: readonly string[]): void {
    for (const sessionId of new Set(openingIds.map((id) => id.slice(0, id.lastIndexOf('-'))))) {
      const live = this.#w.live.get(sessionId);
      if (live?.session.state !== 'open' || !live.hops.some(({ link }) => link.gateway.gatewayId === gatewayId))
        continue;
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
    const hops: readonly Hop[] = session.hops ?? [session];
    const links = await Promise.all(hops.map((hop) => this.#linkOf(session, hop)));
    const known = links.filter((link) => link !== undefined);
    if (known.length < hops.length) return this.#giveUp(session);
    // A renewal may have been granted after the store was last told.
    const heldUntil = Math.min(session.until + this.#w.settings.leaseMs, session.endsAt);
    const live = new LiveSession(session, known, heldUntil, this.#w.tell);
    live.claimed = true;
    this.#w.live.add(live);
    if (session.state === 'open') this.#leases.attend(live);
    else undoLater(this.#w, live);
  }

  async #linkOf({ request, peer }: ContentSession, { gatewayId, side }: Hop): Promise<GatewayLink | undefined> {
    const gateway = await this.#registrations.gateway(gatewayId);
    const { applianceId } = (side === 'peer' ? peer : undefined) ?? request;
    return gateway && this.#w.links.to(gateway, applianceId);
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

  async #join(live: LiveSession, asked: Asking, signal: AbortSignal): Promise<Verdict> {
    if (!sameAsking(live.session, asked)) return conflict(asked.request);
    const { verdict } = live;
    if (verdict) await waitFor(signal, () => verdict);
    this.#leases.claim(live);
    return verdictOf(live.session);
  }

  async #checkGone(live: LiveSession): Promise<void> {
    const missing = await this.#missing(live, this.#w.stopped);
    if (missing === 0) return;
    const ran = this.#w.clock.now() >= live.session.until - roundingMs;
    const detail = `${missing} of ${live.session.openings.length} openings were no longer at the gateway`;
    endLive(this.#w, live, ran ? 'lease-ended' : 'household', detail);
  }

  /** How many of a session's openings its gateways do not hold; those that could not be seen count as held. Counters are kept. */
  async #missing(live: LiveSession, signal: AbortSignal): Promise<number> {
    const counts = await Promise.all(
      live.hops.map((hop) => hop.link.turns.shared(signal, () => this.#missingAt(live, hop, signal))),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #missingAt(live: LiveSession, hop: LiveHop, signal: AbortSignal): Promise<number> {
    const openings = live.openingsOf(hop);
    const observed = await hop.link.observe(openings, signal);
    if (!observed || live.session.state !== 'open') return 0;
    withCounters(live, observed);
    return Math.max(0, openings.length - ofSession(live, hop, observed).length);
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
