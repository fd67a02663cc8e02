/** One worker thread of a run: tries the targets that it is told to, one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Finding } from './finding.ts';
import { LastInput } from './last-input.ts';
import type { Target } from './target.ts';
import { type Bounds, Trial, type TrialReport } from './trial.ts';

/** What a worker is given when it starts. */
export interface WorkerGround {
  /** Module that exports `targets`. */
  readonly table: string;
  readonly lastInput: SharedArrayBuffer;
}

/** What to try next. */
export interface Task {
  readonly target: string;
  readonly forMs: number;
  readonly seed: string;
  readonly corpus: readonly Uint8Array[];
  readonly bounds: Bounds;
}

/** What a worker tells. */
export type News =
  | { readonly kind: 'ready' }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'report'; readonly report: TrialReport };

// The place of a fault in our code lies below many frames of a library.
Error.stackTraceLimit = 60;
const { table, lastInput } = workerData as WorkerGround;
const { targets } = (await import(table)) as { targets: readonly Target[] };
const shown = new LastInput(lastInput);
const tell = (news: News) => parentPort?.postMessage(news);

parentPort?.on('message', async ({ target: name, ...task }: Task) => {
  const target = targets.find((candidate) => candidate.name === name);
  if (!target) throw new Error(`no target ${name}`);
  const onFinding = (finding: Finding) => tell({ kind: 'finding', finding });
  tell({ kind: 'report', report: await new Trial(target, { ...task, lastInput: shown, onFinding }).run() });
});
tell({ kind: 'ready' });
