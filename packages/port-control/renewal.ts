/** Least time between two renewals, seconds (RFC 6887 11.2.1). */
const leastBetween = 4;

/**
 * When to renew for the `attempt`-th time (0 is the first), seconds after a lease of `lifetime` was granted: at a random
 * point of 1/2 to 5/8 of it, then of 3/4 to 3/4+1/16, and so on (RFC 6887 11.2.1). Undefined where that is too near to
 * `last`, the renewal before, and to the end: what is not renewed by then ends. `random` is uniform in [0, 1).
 */
export function renewalTime(
  lifetime: number,
  attempt: number,
  random: () => number,
  last = Number.NEGATIVE_INFINITY,
): number | undefined {
  const at = lifetime * (1 - 2 ** -(attempt + 1) + random() * 2 ** -(attempt + 3));
  const time = Math.max(at, last + leastBetween);
  return time < lifetime ? time : undefined;
}
