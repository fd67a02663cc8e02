import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Log } from '@sluice/io';
import type { Clock } from '@sluice/model';
import type { Home } from '../home/home.ts';

/** Wait before a monitor that ended is begun again. */
const restartMs = 1_000;

/**
 * Reads the machine's addresses and neighbours into `home`, and follows their changes by `ip monitor` (netlink events;
 * nothing is polled) until the signal aborts. Resolves when `home` is up to date; rejects where `ip` cannot be run.
 */
export async function followHome(home: Home, clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  let reading: Promise<void> | undefined;
  let stale = false;
  const drain = async (): Promise<void> => {
    while (stale) {
      stale = false;
      home.loadAddresses(await runIp(['-json', 'address', 'show'], signal));
    }
  };
  // Events come in bursts: one reading after the last of them is enough.
  const refresh = (): Promise<void> => {
    stale = true;
    reading ??= drain().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const logFailure = (error: unknown): void => {
    if (!signal.aborted) log.error({ error: String(error) }, 'addresses cannot be read');
  };
  // The monitor hears nothing before it has started; after a whole reading of something else it has.
  const readAll = async (): Promise<void> => {
    home.loadNeighbours(await runIp(['-json', 'neighbour', 'show'], signal));
    await refresh();
  };
  const follow = (): void => {
    if (signal.aborted) return;
    const monitor = spawn('ip', ['-oneline', 'monitor', 'link', 'address', 'neigh'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
    });
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      if (home.applyMonitorLine(line) === 'read-addresses') refresh().catch(logFailure);
    });
    monitor.on('error', (error) => {
      if (!signal.aborted) log.error({ error: error.message }, 'changes of addresses cannot be followed');
    });
    monitor.on('close', () => {
      if (signal.aborted) return;
      log.warn({}, 'ip monitor ended');
      const cancel = clock.after(restartMs, () => {
        follow();
        readAll().catch(logFailure);
      });
      signal.addEventListener('abort', cancel, { once: true });
    });
  };
  await refresh();
  follow();
  await readAll();
}

async function runIp(args: readonly string[], signal: AbortSignal): Promise<string> {
  const { stdout } = await promisify(execFile)('ip', args, { signal, maxBuffer: 16 << 20 });
  return stdout;
}
