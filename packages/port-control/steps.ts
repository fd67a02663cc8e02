import type { ConfigurationChange, GrantedOpening, Instant, Opening, Plan } from '@sluice/model';

/** What is done with a gateway in one go: openings one after another, and where one is refused, none of them. */
export type PortControlStep =
  | { readonly kind: 'close'; readonly openings: readonly GrantedOpening[] }
  | { readonly kind: 'renew'; readonly leases: readonly Lease<GrantedOpening>[] }
  | { readonly kind: 'open'; readonly leases: readonly Lease<Opening>[] };

/** An opening and how long it is to last from when the gateway takes it. */
export interface Lease<O extends Opening> {
  readonly opening: O;
  /** Whole seconds, at least 1. */
  readonly seconds: number;
}

/**
 * What is given back comes first, so that a change which replaces openings does not meet its own ports. Plain data:
 * who plans and who applies may be two machines.
 */
export function planPortControl(change: ConfigurationChange, now: Instant): Plan<PortControlStep> {
  const steps: PortControlStep[] = [];
  if (change.close.length > 0) steps.push({ kind: 'close', openings: change.close });
  if (change.renew.length > 0) {
    const leases = change.renew.map(({ opening, until }) => leaseOf({ ...opening, until }, now));
    steps.push({ kind: 'renew', leases });
  }
  if (change.open.length > 0) {
    steps.push({ kind: 'open', leases: change.open.map((opening) => leaseOf(opening, now)) });
  }
  return { steps };
}

/** Rounds down: packets pass until the instant that was asked for and not after. */
export function leaseOf<O extends Opening>(opening: O, now: Instant): Lease<O> {
  const seconds = Math.max(1, Math.floor((opening.until - now) / 1_000));
  return { opening: { ...opening, until: now + seconds * 1_000 }, seconds };
}

/** Whether an opening has been granted. */
export function isGranted(opening: Opening): opening is GrantedOpening {
  return 'global' in opening;
}

/** Lifetimes beyond it are taken for it (RFC 6887 15), seconds. */
const longestLifetime = 86_400;

/**
 * When what was asked for ends, of which the gateway granted `lifetime` seconds, more or fewer. In the time of who
 * planned the lease: two machines' clocks may differ.
 */
export function endOf({ opening, seconds }: Lease<Opening>, lifetime: number): Instant {
  return opening.until + (Math.min(lifetime, longestLifetime) - seconds) * 1_000;
}
