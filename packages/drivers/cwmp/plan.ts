import type { ConfigurationChange, GrantedOpening, Instant, Opening, Plan } from '@sluice/model';

/** What is done with a device in one go, alone with it: all of it or nothing. */
export type CwmpStep =
  | { readonly kind: 'close'; readonly openings: readonly GrantedOpening[] }
  | { readonly kind: 'renew'; readonly leases: readonly Lease<GrantedOpening>[] }
  | { readonly kind: 'open'; readonly leases: readonly Lease<Opening>[] };

/** An opening and how long it is to last from when the device takes it. */
export interface Lease<O extends Opening = Opening> {
  readonly opening: O;
  /** Whole seconds, at least 1. */
  readonly seconds: number;
}

/** At most three steps. What is given back comes first, so that a change which replaces openings does not meet its own ports. */
export function planCwmp(change: ConfigurationChange, now: Instant): Plan<CwmpStep> {
  const steps: CwmpStep[] = [];
  if (change.close.length > 0) steps.push({ kind: 'close', openings: change.close });
  if (change.renew.length > 0)
    steps.push({
      kind: 'renew',
      leases: change.renew.map(({ opening, until }) => leaseOf({ ...opening, until }, now)),
    });
  if (change.open.length > 0) steps.push({ kind: 'open', leases: change.open.map((opening) => leaseOf(opening, now)) });
  return { steps };
}

/** Rounds down: packets pass until the instant that was asked for and not after. */
function leaseOf<O extends Opening>(opening: O, now: Instant): Lease<O> {
  const seconds = Math.max(1, Math.floor((opening.until - now) / 1_000));
  return { opening: { ...opening, until: now + seconds * 1_000 }, seconds };
}
