import {
  type CloseReason,
  type ContentRequest,
  type ContentSession,
  familyOf,
  type Instant,
  type Refusal,
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

/** A session that has not ended: its value, replaced at each step, and who waits for what. */
export class LiveSession {
  readonly link: GatewayLink;
  /** The verdict, once asked for; undefined for sessions taken up from the store. */
  verdict: Promise<Verdict> | undefined;
  /** Somebody has taken the verdict. Until then only the provisional lease holds. */
  claimed = false;
  /** The way to closed, once begun. */
  closing: Promise<void> | undefined;
  /** When the last lease ever asked for ends, answered or not: nothing is held after it. */
  heldUntil: Instant;
  readonly #tell: (happening: Happening) => void;
  #session: ContentSession;

  constructor(session: ContentSession, link: GatewayLink, heldUntil: Instant, tell: (happening: Happening) => void) {
    this.#session = session;
    this.link = link;
    this.heldUntil = heldUntil;
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

  /** What its gateway can express for the family of its openings. */
  get traits(): Traits {
    return traitsFor(this.link.traits, familyOf(this.request.flow.observed.address));
  }

  /** Every opening id this session may ever have used. */
  get openingIds(): readonly string[] {
    return this.request.streams.map((_, index) => openingId(this.id, index));
  }

  /** One step more in its timeline. */
  note(at: Instant, step: string, detail?: string): void {
    const entry = detail === undefined ? { at, step } : { at, step, detail };
    this.#session = { ...this.#session, timeline: addStep(this.#session.timeline, entry) };
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
}
