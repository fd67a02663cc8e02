import { type Clock, wait } from '@sluice/model';
import type { UspConnection } from './connection.ts';
import type { EventLog } from './event-log.ts';
import { type RedialPolicy, redialWaitMs } from './redial.ts';
import { retire } from './retire.ts';

/** What to keep up and how. */
export interface KeepDialedOptions {
  readonly dial: (signal: AbortSignal) => Promise<UspConnection>;
  readonly policy: RedialPolicy;
  readonly clock: Clock;
  readonly log: EventLog;
  /** Called for every connection that comes up. */
  readonly onConnection: (connection: UspConnection) => void;
  /**
   * Resolves when a connection that serves is to be replaced: another is made first, and then this one is drained.
   * Left out, never. `signal` tells that the connection is over.
   */
  readonly due?: (signal: AbortSignal) => Promise<void>;
  /** 0 <= x < 1. Default Math.random. */
  readonly random?: () => number;
}

/**
 * Keeps one connection up: dials, waits for its end, waits by policy, dials again, until the signal aborts. Then it
 * closes the connection and resolves; it never rejects.
 */
export async function keepDialed(options: KeepDialedOptions, signal: AbortSignal): Promise<void> {
  const random = options.random ?? Math.random;
  for (let failures = 0; !signal.aborted; ) {
    try {
      let connection: UspConnection | undefined = await options.dial(signal);
      failures = 0;
      while (connection) {
        options.log.info({ peer: connection.peer }, 'connected');
        connection = await successorOf(connection, options, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      options.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'dialling failed');
    }
    failures++;
    await wait(options.clock, redialWaitMs(failures, options.policy, random()), signal);
  }
}

/** Serves a connection; resolves with the one that takes its place while it serves, or with none when it is closed. */
async function successorOf(
  connection: UspConnection,
  options: KeepDialedOptions,
  signal: AbortSignal,
): Promise<UspConnection | undefined> {
  const { clock, log, policy } = options;
  const over = new AbortController();
  const close = (): void => connection.close();
  signal.addEventListener('abort', close, { once: true });
  const closed = connection.closed.then((how) => {
    signal.removeEventListener('abort', close);
    over.abort();
    log.info({ peer: connection.peer, ...how }, 'disconnected');
  });
  if (signal.aborted) close();
  else options.onConnection(connection);
  if (options.due) await Promise.race([closed, options.due(over.signal)]);
  else await closed;
  for (let failures = 1; !over.signal.aborted && !signal.aborted; failures++) {
    try {
      const successor = await options.dial(AbortSignal.any([over.signal, signal]));
      retire(connection, clock);
      return successor;
    } catch (error) {
      if (over.signal.aborted || signal.aborted) break;
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'replacing the connection failed');
      const random = options.random ?? Math.random;
      await wait(clock, redialWaitMs(failures, policy, random()), AbortSignal.any([over.signal, signal]));
    }
  }
  await closed;
  return undefined;
}
