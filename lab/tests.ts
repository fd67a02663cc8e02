import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run as runTests } from 'node:test';
import { spec } from 'node:test/reporters';
import { readArguments } from './arguments.ts';
import { enterWorld, findWorld, insideWorld } from './world.ts';

/** Tests by what they need: `pure` nothing, `lab` networks of their own and thus a world. */
type Tier = 'pure' | 'lab';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = join(import.meta.dirname, '..');

/** Test files of a tier, sorted; `long` ones only when asked for. */
function filesOf(tier: Tier, long: boolean, filters: readonly string[]): string[] {
  return globSync('{apps,bench,fuzz,lab,packages,test}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] })
    .filter((file) => file.endsWith('.lab.test.ts') === (tier === 'lab'))
    .filter((file) => long || !file.includes('.long.'))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}

/** Runs files, a process each, and reports on stdout. */
async function runFiles(files: readonly string[], concurrency: number, mostMs: number): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return counts;
  const events = runTests({
    files: files.map((file) => join(root, file)),
    concurrency,
    cwd: root,
    timeout: mostMs,
    // A test that failed may have left something open; its file is over all the same.
    execArgv: ['--test-force-exit'],
  });
  events.on('test:summary', (summary) => {
    // Each file has a summary too; the last one, without a file, is of all.
    if (summary.file !== undefined) return;
    counts.passed = summary.counts.passed;
    counts.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    counts.skipped = summary.counts.skipped + summary.counts.todo;
  });
  await new Promise((resolve, reject) => {
    events.compose(spec).on('error', reject).on('end', resolve).pipe(process.stdout, { end: false });
  });
  return counts;
}

/** Runs the lab's files as this very program inside a world, which sends its counts back. */
async function runInWorld(files: readonly string[], mostMs: number): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const found = findWorld();
  if ('reason' in found) {
    for (const file of files) console.log(`﹣ ${file} # SKIP ${found.reason}`);
    return { passed: 0, failed: 0, skipped: files.length };
  }
  const child = enterWorld([process.execPath, import.meta.filename, `${mostMs}`, ...files], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let counts: Counts | undefined;
  child.on('message', (message: Counts) => {
    counts = message;
  });
  // After everything it had to say, also when it was killed.
  await new Promise((resolve) => child.once('disconnect', resolve));
  if (counts) return counts;
  console.log('The lab ended before its tests did.');
  return { passed: 0, failed: files.length, skipped: 0 };
}

async function main(): Promise<void> {
  if (insideWorld() && process.send) {
    // Lab tests keep a whole deployment busy each; more at once would compete for the processor, not for time.
    const [mostMs, ...files] = process.argv.slice(2);
    const counts = await runFiles(files, 2, Number(mostMs));
    process.send(counts, () => process.disconnect());
    return;
  }
  const { values, positionals } = readArguments({ options: { long: { type: 'boolean' } }, allowPositionals: true });
  const long = values.long ?? false;
  // A file that takes longer hangs.
  const mostMs = long ? 3_600_000 : 300_000;
  const pure = await runFiles(filesOf('pure', long, positionals), availableParallelism(), mostMs);
  const lab = await runInWorld(filesOf('lab', long, positionals), mostMs);
  const total = (what: keyof Counts): number => pure[what] + lab[what];
  if (total('passed') + total('failed') + total('skipped') === 0) {
    console.log(`No test file's path contains ${positionals.join(' or ')}.`);
    process.exitCode = 1;
  }
  if (total('failed') > 0) process.exitCode = 1;
  console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
await main();
