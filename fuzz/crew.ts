import { Worker } from 'node:worker_threads';
import { readCorpus } from './corpus.ts';
import type { Finding } from './finding.ts';
import { LastInput } from './last-input.ts';
import type { Bounds, TrialReport } from './trial.ts';
import type { News, Task, WorkerGround } from './worker.ts';

/** A run over several targets. */
export interface RunOptions {
  /** Module that exports `targets`, as a URL. */
  readonly table: string;
  readonly targets: readonly string[];
  /** For all targets together, ms. */
  readonly forMs: number;
  readonly seed: string;
  readonly workers: number;
  /** Directory of inputs that once showed a fault. */
  readonly corpus: string;
  readonly bounds: Bounds & {
    /** An input that is not done by then hangs, ms. */
    readonly hangMs: number;
    /** Longest input of any target. */
    readonly mostBytes: number;
  };
  readonly onFinding: (finding: Finding) => void;
  readonly onReport: (report: TrialReport) => void;
}

const heapMegabytes = 1024;

/** Tries every target, two workers at most; resolves when all have been tried. Rejects with the reason of `signal`. */
export async function runTargets(options: RunOptions, signal: AbortSignal): Promise<void> {
  const workers = Math.min(options.workers, 2, options.targets.length);
  const forMs = (options.forMs * workers) / options.targets.length;
  const waiting = [...options.targets];
  const work = async () => {
    let crewman: Crewman | undefined;
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      signal.throwIfAborted();
      crewman ??= await startCrewman(options, signal);
      const corpus = [...readCorpus(options.corpus, target).values()];
      const lives = await crewman.tries({ target, forMs, seed: options.seed, corpus, bounds: options.bounds });
      if (!lives) crewman = undefined;
    }
    await crewman?.end();
  };
  await Promise.all(Array.from({ length: workers }, work));
}

interface Crewman {
  /** Tries one target; false where the worker did not live through it. */
  tries(task: Task): Promise<boolean>;
  end(): Promise<void>;
}

async function startCrewman(options: RunOptions, signal: AbortSignal): Promise<Crewman> {
  const { onFinding, onReport, bounds } = options;
  const lastInput = new LastInput({ mostBytes: bounds.mostBytes });
  const ground: WorkerGround = { table: options.table, lastInput: lastInput.shared };
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: ground,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  worker.once('exit', () => signal.removeEventListener('abort', stop));
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  return {
    end: async () => void (await worker.terminate()),
    tries: (task) =>
      new Promise((resolve, reject) => {
        const before = lastInput.count;
        const begun = performance.now();
        const fails = (fault: Finding['fault'], message: string) => {
          onFinding({ target: task.target, fault, signature: fault, message, input: lastInput.read() });
          const tried = lastInput.count - before;
          onReport({
            target: task.target,
            tried,
            taken: 0,
            ms: performance.now() - begun,
            slowestMs: 0,
            slowestBytes: 0,
          });
        };
        const watch = watchFor(lastInput, bounds.hangMs, () => {
          done();
          fails('hangs', `not done after ${bounds.hangMs} ms`);
          void worker.terminate().then(() => resolve(false), reject);
        });
        const done = () => {
          watch.stop();
          worker.removeAllListeners('message').removeAllListeners('error').off('exit', leave);
        };
        const leave = () => {
          done();
          if (signal.aborted) reject(signal.reason);
          else reject(new Error(`a worker ended by itself while it tried ${task.target}`));
        };
        worker.on('message', (news: News) => {
          if (news.kind === 'finding') onFinding(news.finding);
          if (news.kind !== 'report') return;
          done();
          onReport(news.report);
          resolve(true);
        });
        worker.on('error', (error: Error) => {
          done();
          fails('dies', `${error.name}: ${error.message}`);
          resolve(false);
        });
        worker.on('exit', leave);
        worker.postMessage(task);
      }),
  };
}

/** A worker that does nothing at all for so many times `hangMs` hangs as well. */
const patience = 12;

/**
 * Calls `hangs` once no new input has begun for `hangMs`, in which this process had the processor time that two workers
 * need to be busy for as long: on a machine with other work to do a worker waits its turn.
 */
function watchFor(lastInput: LastInput, hangMs: number, hangs: () => void): { stop: () => void } {
  const busyMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
  let begun = { count: lastInput.count, at: performance.now(), busyMs: busyMs() };
  const timer = setInterval(() => {
    const waited = performance.now() - begun.at;
    if (lastInput.count !== begun.count) begun = { count: lastInput.count, at: performance.now(), busyMs: busyMs() };
    else if ((waited >= hangMs && busyMs() - begun.busyMs >= 2 * hangMs) || waited >= patience * hangMs) hangs();
  }, hangMs / 8);
  return { stop: () => clearInterval(timer) };
}
