import type { Clock } from '@sluice/model';

/** Waits between attempts, ms: what is half-made must be undone though a part is away for a while. */
const waitsMs = [1_000, 5_000, 30_000, 120_000];

/** Tries `act` again, at growing distances, until it is done, `lifetime` ends, or the last attempt failed too. */
export function persist(
  clock: Clock,
  lifetime: AbortSignal,
  act: () => Promise<boolean>,
  gaveUp: () => void,
  attempt = 0,
): void {
  const waitMs = waitsMs[attempt];
  if (waitMs === undefined) {
    gaveUp();
    return;
  }
  const again = () => {
    if (!lifetime.aborted) persist(clock, lifetime, act, gaveUp, attempt + 1);
  };
  const stop = () => cancel();
  const cancel = clock.after(waitMs, () => {
    lifetime.removeEventListener('abort', stop);
    act().then((done) => {
      if (!done) again();
    }, again);
  });
  lifetime.addEventListener('abort', stop, { once: true });
}
