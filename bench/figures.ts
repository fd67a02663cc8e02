import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** A measured distribution, in the unit of its samples. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly least: number;
  readonly most: number;
  readonly samples: number;
}

/** Sorts samples into their distribution. Throws RangeError without any. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    if (value === undefined) throw new RangeError('no samples');
    return value;
  };
  return { p50: at(0.5), p99: at(0.99), least: at(0), most: at(1), samples: sorted.length };
}

/** "p50 1.20 ms, p99 3.40 ms (1.02 to 9.81, 500 samples)". */
export function describeSpread({ p50, p99, least, most, samples }: Spread, unit: string): string {
  const text = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
  return `p50 ${text(p50)} ${unit}, p99 ${text(p99)} ${unit} (${text(least)} to ${text(most)}, ${samples} samples)`;
}

/** What a figure is worth nothing without: machine, kernel, runtime, commit. */
export function describeMachine(): string {
  const cores = cpus();
  const first = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8' }).trim();
  const commit = first('git', '-C', import.meta.dirname, 'describe', '--always', '--dirty');
  return `${cores.length} x ${cores[0]?.model.trim()}, Linux ${first('uname', '-r')}, Node ${process.versions.node}, commit ${commit}`;
}

/** A figure, what it is held against in the same run, and whether it holds. */
export interface Finding {
  readonly name: string;
  readonly figure: string;
  readonly holds?: boolean;
}

/** One benchmark. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(say: (finding: Finding) => void, signal: AbortSignal): Promise<void>;
}
