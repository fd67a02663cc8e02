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

/** One step in a session's life, for `sluice explain`. */
export interface TimelineEntry {
  readonly at: Instant;
  readonly step: string;
  readonly detail?: string;
}

/** One accepted request: its openings as one thing that lives and dies together. */
export interface ContentSession {
  readonly sessionId: string;
  readonly request: ContentRequest;
  readonly gatewayId: string;
  readonly state: SessionState;
  readonly openings: readonly (GrantedOpening & { readonly streamId: string; readonly counters?: OpeningCounters })[];
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
