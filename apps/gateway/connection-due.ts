import type { Membership } from '@sluice/identity';
import { systemClock } from '@sluice/io';

/**
 * Resolves when a connection to `controller` is to be replaced by a new one: our own certificate has been renewed, or
 * the controller must have renewed its own, which it does after two thirds of the lifetime; after five sixths the
 * connection goes on with a certificate that is about to end. Resolves at once when the signal aborts.
 */
export function connectionDue({ identity, watch }: Membership, controller: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const validity = watch.validityOfPeer(controller);
    const ends: (() => void)[] = [];
    const done = () => {
      for (const end of ends) end();
      signal.removeEventListener('abort', done);
      resolve();
    };
    ends.push(identity.observe(done));
    if (validity) {
      const due = validity.until - (validity.until - validity.issuedAt) / 6;
      const check = () => {
        const left = due - systemClock.now();
        // A machine's timers hold no month.
        if (left <= 0) done();
        else cancel = systemClock.after(left, check);
      };
      let cancel = systemClock.after(Math.max(due - systemClock.now(), 1_000), check);
      ends.push(() => cancel());
    }
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
