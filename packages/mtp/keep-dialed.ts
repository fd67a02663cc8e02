import type { Clock } from '@sluice/model';
import type { UspConnection } from './connection.ts';
import type { EventLog } from './event-log.ts';
import { type RedialPolicy, redialWaitMs } from './redial.ts';

/** What to keep up and how. */
export interface KeepDialedOptions {
  readonly dial: (signal: AbortSignal) => Promise<UspConnection>;
  readonly policy: RedialPolicy;
  readonly clock: Clock;
  readonly log: EventLog;
  /** Called for every connection that comes up. */
  readonly onConnection: (connection: UspConnection) => void;
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
      const connection = await options.dial(signal);
      failures = 0;
      options.log.info({ peer: connection.peer }, 'connected');
      await untilClosed(connection, options.onConnection, signal);
      options.log.info({ peer: connection.peer, ...(await connection.closed) }, 'disconnected');
    } catch (error) {
      if (signal.aborted) return;
      options.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'dialling failed');
    }
    failures++;
    await wait(options.clock, redialWaitMs(failures, options.policy, random()), signal);
  }
}

async function untilClosed(
  connection: UspConnection,
  onConnection: (connection: UspConnection) => void,
  signal: AbortSignal,
): Promise<void> {
  const close = (): void => connection.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  else onConnection(connection);
  await connection.closed;
  signal.removeEventListener('abort', close);
}

function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const abort = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
