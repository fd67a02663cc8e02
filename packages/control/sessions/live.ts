import {
  type CallPorts,
  type CloseReason,
  type ContentRequest,
  type ContentSession,
  familyOf,
  type Instant,
  type Refusal,
  type SessionOpening,
  type Traits,
  traitsFor,
} from '@sluice/model';
import type { Verdict } from '../control.ts';
import type { GatewayLink } from '../gateways/link.ts';
import { openingId } from '../planning/openings.ts';
import type { Happening } from '../ports.ts';
import { nextState, type SessionEvent } from './state.ts';
import { addStep } from './timeline.ts';

/** What a move changes of a session beside its state. */
export type SessionPatch = Partial<Pick<ContentSession, 'openings' | 'until' | 'holding'>> & {
  readonly refusal?: Refusal;
  readonly closeReason?: CloseReason;
};

/** A session's part at one gateway on its path. */
export interface LiveHop {
  /** Its place among the session's hops. */
  readonly index: number;
  readonly link: GatewayLink;
  readonly side: Side;
  /** When the last lease ever asked for there ends, answered or not: nothing is held after it. */
  heldUntil: Instant;
  /** Nothing of the session is left there. */
  cleared: boolean;
}

/** Whose home a hop belongs to: of who asked, or of whom a call is to. */
export type Side = 'own' | 'peer';

/** A session that has not ended: its value, replaced at each step, and who waits for what. */
export class LiveSession {
  /** Outward from the appliance, then outward from a call's other party; never empty. */
  readonly hops: readonly LiveHop[];
  /** The verdict, once asked for; undefined for sessions taken up from the store. */
  verdict: Promise<Verdict> | undefined;
  /** Somebody has taken the verdict. Until then only the provisional lease holds. */
  claimed = false;
  /** Global ports that the parties of a call were told of before it was opened. */
  toldPorts: CallPorts | undefined;
  /** The way to closed, once begun. */
  closing: Promise<void> | undefined;
  readonly #tell: (happening: Happening) => void;
  #session: ContentSession;

  /** `links`: one for each of the session's hops, in their order. */
  constructor(
    session: ContentSession,
    links: readonly GatewayLink[],
    heldUntil: Instant,
    tell: (happening: Happening) => void,
  ) {
    this.#session = session;
    this.hops = links.map((link, index) => ({
      index,
      link,
      side: session.hops?.[index]?.side ?? 'own',
      heldUntil,
      cleared: false,
    }));
    this.#tell = tell;
  }

  get session(): ContentSession {
    return this.#session;
  }

  get id(): string {
    return this.#session.sessionId;
  }

  get request(): ContentRequest {
    return this.#session.request;
  }

  /** The parts of a call, or the one request. */
  get requests(): readonly ContentRequest[] {
    const { request, peer } = this.#session;
    return peer ? [request, peer] : [request];
  }

  /** What is asked in the home that a hop belongs to. */
  requestOf({ side }: LiveHop): ContentRequest {
    return (side === 'peer' ? this.#session.peer : undefined) ?? this.#session.request;
  }

  /** The hops of one home, outward. */
  path(side: Side): readonly LiveHop[] {
    return this.hops.filter((hop) => hop.side === side);
  }

  /** The hops whose gateway is spoken to over that link. */
  hopsOn(link: GatewayLink): readonly LiveHop[] {
    return this.hops.filter((hop) => hop.link === link);
  }

  /** What a hop's gateway can express for the IP version of its openings. */
  traitsOf(hop: LiveHop): Traits {
    return traitsFor(hop.link.traits, familyOf(this.requestOf(hop).flow.observed.address));
  }

  /** Every opening id this session may ever have used at a hop. */
  openingIdsOf({ index }: LiveHop): readonly string[] {
    const { streams } = this.request;
    return streams.map((_, stream) => openingId(this.id, index, streams.length, stream));
  }

  /** The session's openings at a hop. */
  openingsOf({ index }: LiveHop): readonly SessionOpening[] {
    return this.#session.openings.filter(({ hop = 0 }) => hop === index);
  }

  /** One step more in its timeline. */
  note(at: Instant, step: string, detail?: string): void {
    const entry = detail === undefined ? { at, step } : { at, step, detail };
    this.#session = { ...this.#session, timeline: addStep(this.#session.timeline, entry) };
  }

  /** {@link note} of what happened at a hop, which is named where there are several. */
  noteAt({ link }: LiveHop, at: Instant, step: string, detail: string): void {
    this.note(at, step, this.hops.length === 1 ? detail : `${link.gateway.gatewayId}: ${detail}`);
  }

  /** A move of the state machine, told in the timeline and to who accounts for it. */
  move(at: Instant, event: SessionEvent, step: string, detail?: string, patch: SessionPatch = {}): void {
    const state = nextState(this.#session.state, event, (this.#session.refusal ?? patch.refusal) !== undefined);
    this.#session = { ...this.#session, ...patch, state };
    this.note(at, step, detail);
    this.#tell({ event, session: this.#session });
  }

  /** New values without a move: counters, a renewed lease. */
  update(patch: Pick<SessionPatch, 'openings' | 'until' | 'holding'>): void {
    this.#session = { ...this.#session, ...patch };
  }

  /** Each party's streams come from where the other's home lets them in, now that this is known. */
  connectParties(request: ContentRequest, peer: ContentRequest): void {
    this.#session = { ...this.#session, request, peer };
  }
}
