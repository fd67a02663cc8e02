import type { Instant } from './clock.ts';
import type { Holding } from './holding.ts';
import type { GrantedOpening, OpeningCounters } from './opening.ts';
import type { Refusal } from './refusal.ts';
import type { ContentRequest } from './request.ts';

/**
 * Life of a content session: `opening` (asked of the gateway, nothing promised), `open` (every opening holds),
 * `closing` (being undone; nothing more may start), `closed`, `refused` (never held).
 */
export type SessionState = 'opening' | 'open' | 'closing' | 'closed' | 'refused';

/** Why a session closed. */
export type CloseReason =
  | 'appliance-left'
  | 'content-ended'
  | 'lease-ended'
  | 'revoked'
  | 'media-not-started'
  | 'gateway-lost'
  | 'household'
  | 'failed';

/** One box that a session's streams cross on their way in. */
export interface Hop {
  readonly gatewayId: string;
  /** In a call, which home it belongs to; left out, that of who asked. */
  readonly side?: 'peer';
}

/** One step in a session's life, for `sluice explain`. */
export interface TimelineEntry {
  readonly at: Instant;
  readonly step: string;
  readonly detail?: string;
}

/** An opening of a session. */
export interface SessionOpening extends GrantedOpening {
  readonly streamId: string;
  /** Which of the session's hops holds it; left out, the first. */
  readonly hop?: number;
  readonly counters?: OpeningCounters;
}

/** One accepted request: its openings as one thing that lives and dies together. */
export interface ContentSession {
  readonly sessionId: string;
  readonly request: ContentRequest;
  /** In a call, the other home's part of it. Each stream's `remote`, on both sides, is where the other home lets it in. */
  readonly peer?: ContentRequest;
  /** The gateway that its appliance is behind. */
  readonly gatewayId: string;
  /** Every hop of its path, outward from the appliance, then outward from a call's other party; left out, `gatewayId` alone. */
  readonly hops?: readonly Hop[];
  readonly state: SessionState;
  readonly openings: readonly SessionOpening[];
  readonly createdAt: Instant;
  /** End of the current lease; renewed while the session lives. */
  readonly until: Instant;
  /** The absolute end, whatever is renewed. */
  readonly endsAt: Instant;
  /** Known once the openings were granted. */
  readonly holding?: Holding;
  readonly refusal?: Refusal;
  readonly closeReason?: CloseReason;
  readonly timeline: readonly TimelineEntry[];
}
