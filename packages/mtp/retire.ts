import type { Clock } from '@sluice/model';
import { closeCode, type UspConnection } from './connection.ts';

/** How long a connection whose place was taken may take to finish what is under way on it. */
export const drainMs = 10_000;

/**
 * Ends a connection whose place a newer one took (R-WS.4): whoever asked on it ends it when all is answered; after
 * {@link drainMs} it ends anyway, with 1008.
 */
export function retire(connection: UspConnection, clock: Clock): void {
  const cancel = clock.after(drainMs, () => connection.close(closeCode.policy, 'replaced by a newer connection'));
  void connection.closed.then(cancel);
}
