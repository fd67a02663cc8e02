import type { Clock } from '@sluice/model';

/** The wait was too long. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** Does `act` with a signal that ends with any of `signals`, or after `ms` with {@link TimedOut}. `act` must heed it. */
export async function limited<T>(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = clock.after(ms, () => controller.abort(new TimedOut(`no answer within ${ms} ms`)));
  const listeners = signals.map((signal) => ({ signal, hear: () => controller.abort(signal.reason) }));
  for (const { signal, hear } of listeners) {
    if (signal.aborted) hear();
    else signal.addEventListener('abort', hear, { once: true });
  }
  try {
    return await act(controller.signal);
  } finally {
    cancel();
    for (const { signal, hear } of listeners) signal.removeEventListener('abort', hear);
  }
}

/** Like {@link limited}, and rejects in time also when `act` does not heed its signal. */
export function bounded<T>(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return limited(clock, ms, signals, (signal) => waitFor(signal, () => act(signal)));
}

/** Waits for something that goes on without us; `signal` ends this wait only. Begins nothing when it has ended already. */
export function waitFor<T>(signal: AbortSignal, begin: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const stay = () => signal.removeEventListener('abort', leave);
    begin().then(
      (value) => {
        stay();
        resolve(value);
      },
      (error: unknown) => {
        stay();
        reject(error);
      },
    );
  });
}
