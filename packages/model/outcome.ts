import type { GrantedOpening } from './opening.ts';
import type { Refusal } from './refusal.ts';

/**
 * What became of one step. `unknown`: the answer was lost; the step may or may not have happened,
 * and the only next act is to look.
 */
export type Outcome =
  | {
      readonly kind: 'applied';
      /** What was opened, and what was renewed where the gateway told its new end. */
      readonly granted: readonly GrantedOpening[];
      /** `granted` is what the gateway was seen to hold afterwards: it need not be looked at again. */
      readonly seen?: true;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly reason: string };
