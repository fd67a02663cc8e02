import type { Instant } from './clock.ts';
import type { Gateway } from './gateway.ts';
import type { GrantedOpening, Opening, OpeningCounters } from './opening.ts';

/** What shall change on one gateway; the unit that holds altogether or not at all. */
export interface ConfigurationChange {
  readonly gateway: Gateway;
  readonly open: readonly Opening[];
  readonly renew: readonly { readonly opening: GrantedOpening; readonly until: Instant }[];
  readonly close: readonly GrantedOpening[];
}

/** What a gateway was seen to hold. */
export interface Observed {
  readonly at: Instant;
  /** Openings of ours, found by their ids. */
  readonly ours: readonly { readonly opening: GrantedOpening; readonly counters?: OpeningCounters }[];
  /** Believed openings that the gateway cannot be asked about: they may be there or not. Closing them makes it sure. */
  readonly unsure?: readonly GrantedOpening[];
  /** Mappings of others: read, never touched. Counted and shown only. */
  readonly foreign: number;
}

/** Native steps from what is to what should be. Frozen data. */
export interface Plan<Step> {
  readonly steps: readonly Step[];
}
