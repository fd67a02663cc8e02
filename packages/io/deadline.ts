import type { Clock } from '@sluice/model';

/** A signal that ends with `signal`, or after `ms` with `reason`; `clear` when what it bounds is over. */
export function deadline(
  clock: Clock,
  ms: number,
  reason: Error,
  signal?: AbortSignal,
): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const give = () => controller.abort(signal?.reason);
  if (signal?.aborted) give();
  signal?.addEventListener('abort', give, { once: true });
  const cancel = clock.after(ms, () => controller.abort(reason));
  return {
    signal: controller.signal,
    clear() {
      cancel();
      signal?.removeEventListener('abort', give);
    },
  };
}
