/** How long to wait before dialling again (TR-181 WebSocket.SessionRetryMinimumWaitInterval, ...IntervalMultiplier). */
export interface RedialPolicy {
  /** m of TR-369 R-WS.19. */
  readonly minimumWaitMs: number;
  /** k, in thousandths: 2000 doubles. */
  readonly multiplier: number;
}

/** The standard's defaults: 5 s, doubled each time. */
export const standardRedial: RedialPolicy = { minimumWaitMs: 5_000, multiplier: 2_000 };

/** From this try on the wait grows no more (R-WS.20). */
const lastGrowingTry = 10;

/**
 * Wait before try `n` (1 is the first after a connection was lost or never came): random in
 * [m*(k/1000)^(n-1), m*(k/1000)^n] ms (R-WS.19). `random` is 0 <= x < 1. The same rule times notifications (R-NOT.1).
 */
export function redialWaitMs(n: number, policy: RedialPolicy, random: number): number {
  const growth = policy.multiplier / 1_000;
  const least = policy.minimumWaitMs * growth ** (Math.min(n, lastGrowingTry) - 1);
  return least + (least * growth - least) * random;
}
