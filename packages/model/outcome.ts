import type { GrantedOpening } from './opening.ts';
import type { Refusal } from './refusal.ts';

/**
 * What became of one step. `unknown`: the answer was lost; the step may or may not have happened,
 * and the only next act is to look.
 */
export type Outcome =
  | { readonly kind: 'applied'; readonly granted: readonly GrantedOpening[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly reason: string };
