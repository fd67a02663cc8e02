import type { Instant, Traits } from '@sluice/model';

/** When a lease of `wishedMs` from `now` ends: within what the type can hold, and not after the session's end. */
export function leaseEnd(now: Instant, wishedMs: number, traits: Traits, endsAt: Instant): Instant {
  const { leastSeconds, mostSeconds } = traits.lease ?? { leastSeconds: 0, mostSeconds: Number.POSITIVE_INFINITY };
  const ms = Math.min(Math.max(wishedMs, leastSeconds * 1_000), mostSeconds * 1_000);
  return Math.min(now + ms, endsAt);
}
