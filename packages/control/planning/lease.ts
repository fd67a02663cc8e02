import type { Instant, Traits } from '@sluice/model';
import type { ControlSettings } from '../settings.ts';

/** When a lease of `wishedMs` from `now` ends: within what the type can hold, and not after the session's end. */
export function leaseEnd(now: Instant, wishedMs: number, traits: Traits, endsAt: Instant): Instant {
  const { leastSeconds, mostSeconds } = traits.lease ?? { leastSeconds: 0, mostSeconds: Number.POSITIVE_INFINITY };
  const ms = Math.min(Math.max(wishedMs, leastSeconds * 1_000), mostSeconds * 1_000);
  return Math.min(now + ms, endsAt);
}

/** How long the lease of an open session is meant to be: longer where each renewal costs packets. */
export function fullLeaseMs(
  { leaseMs, rareLeaseMs }: Pick<ControlSettings, 'leaseMs' | 'rareLeaseMs'>,
  traits: Traits,
): number {
  return traits.renewalDisturbs ? Math.max(leaseMs, rareLeaseMs) : leaseMs;
}
