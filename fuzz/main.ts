/** `npm run fuzz`: tries every parser of bytes from outside with mutated input, and tells what it did. */
import { relative } from 'node:path';
import { endWith, readArguments } from '../lab/arguments.ts';
import { corpusDirectory, keepInput } from './corpus.ts';
import { runTargets } from './crew.ts';
import type { Finding } from './finding.ts';
import { reportHead, reportLine, totalLine } from './report.ts';
import { targets } from './targets.ts';
import type { TrialReport } from './trial.ts';

const bounds = { inputMs: 100, growthBytes: 8 << 20, hangMs: 5_000 };

const { values, positionals } = readArguments({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
if (!(minutes >= 0 && minutes <= 10_000)) endWith(`--minutes is a number from 0, not ${values.minutes}.`);
const names = targets.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) endWith(`There is no target ${unknown.join(', ')}; there are ${names.join(', ')}.`);
const seed = values.seed ?? String(Date.now());

const findings: Finding[] = [];
const reports: TrialReport[] = [];
const grown: string[] = [];
const failuresOf = (target: string) =>
  findings.filter((finding) => finding.target === target).length + grown.filter((name) => name === target).length;

process.stdout.write(`Seed ${seed}; the same seed makes the same inputs.\n${reportHead}\n`);
const begun = performance.now();
await runTargets(
  {
    table: new URL('targets.ts', import.meta.url).href,
    targets: positionals.length > 0 ? names.filter((name) => positionals.includes(name)) : names,
    forMs: minutes * 60_000,
    seed,
    workers: 2,
    corpus: corpusDirectory,
    bounds: { ...bounds, mostBytes: Math.max(...targets.map(({ mostBytes }) => mostBytes)) },
    onFinding(finding) {
      findings.push(finding);
      const path = relative(process.cwd(), keepInput(corpusDirectory, finding));
      process.stdout.write(`FAILURE ${finding.target} ${finding.fault}, kept as ${path}\n${finding.message}\n`);
    },
    onReport(report) {
      reports.push(report);
      if ((report.growthBytes ?? 0) > bounds.growthBytes) {
        grown.push(report.target);
        process.stdout.write(`FAILURE ${report.target} grows: its heap is larger after the run than before\n`);
      }
      process.stdout.write(`${reportLine(report, failuresOf(report.target))}\n`);
    },
  },
  new AbortController().signal,
);
const failures = findings.length + grown.length;
process.stdout.write(`${totalLine(reports, (performance.now() - begun) / 1_000, failures)}\n`);
process.exitCode = failures > 0 ? 1 : 0;
