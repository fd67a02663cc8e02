import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process on a host of the lab. Disposing stops it. */
export interface HostProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** The members of the `{"ready":...}` line it printed. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** What it wrote to stderr and, after the ready line, to stdout: the last {@link keptLines} lines, oldest first. */
  readonly log: readonly string[];
  /** Settles when it has ended, however it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after 5 s; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Lines of output kept of each process. */
export const keptLines = 2000;

/** What to run, where. */
export interface HostCommand {
  /** For messages. */
  readonly name: string;
  /** The host's namespace, of `BuiltNetwork.namespace`. */
  readonly namespace: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it prints a ready line to wait for; default true. */
  readonly becomesReady?: boolean;
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void;
}

/**
 * Starts a process on a host and waits for its ready line, if it has one: a JSON object with `ready` on stdout.
 * Rejects with its last lines when it ends before that, and kills it when `signal` aborts before that.
 */
export async function startOnHost(what: HostCommand, signal: AbortSignal): Promise<HostProcess> {
  const running = spawnOnHost(what);
  const { child, log } = running;
  const aborted = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', aborted, { once: true });
  try {
    signal.throwIfAborted();
    const ready = await Promise.race([
      what.becomesReady === false ? {} : running.ready,
      running.ended.then(({ code, signal: by }) => {
        if (signal.aborted) throw signal.reason;
        const how = by ? `was ended by ${by}` : `ended with status ${code}`;
        throw new Error(`${what.name} ${how} before it was ready:\n${log.slice(-20).join('\n')}`);
      }),
    ]);
    const stop = async (): Promise<void> => {
      const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
      child.kill('SIGTERM');
      await running.ended;
      clearTimeout(hard);
    };
    return {
      name: what.name,
      pid: child.pid ?? -1,
      ready,
      log,
      ended: running.ended,
      kill: (by) => void child.kill(by),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}

interface Spawned {
  readonly child: ChildProcess;
  readonly log: string[];
  readonly ready: Promise<Record<string, unknown>>;
  readonly ended: HostProcess['ended'];
}

function spawnOnHost(what: HostCommand): Spawned {
  // nsenter without --fork becomes the command: the process id is the command's own, and so are signals.
  const child = spawn('nsenter', [`--net=${what.namespace}`, '--', ...what.command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...what.env },
  });
  const log: string[] = [];
  const keep = (line: string): void => {
    log.push(line);
    if (log.length > keptLines) log.shift();
    what.onLine?.(line);
  };
  const ready = new Promise<Record<string, unknown>>((resolve) => {
    let waiting = what.becomesReady !== false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = waiting ? readyLine(line) : undefined;
      if (!found) return keep(line);
      waiting = false;
      resolve(found);
    });
  });
  createInterface({ input: child.stderr }).on('line', keep);
  const ended: HostProcess['ended'] = new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      resolve({ code: 127, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, log, ready, ended };
}

function readyLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'ready' in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
