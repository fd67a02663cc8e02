import type { TrialReport } from './trial.ts';

const columns = [16, 13, 10, 7, 24, 10, 9] as const;

const row = (cells: readonly string[]) =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[index] ?? 0))).join('');

/** Head of the table of {@link reportLine}. */
export const reportHead = row(['parser', 'inputs', 'per s', 'taken', 'slowest', 'heap', 'failures']);

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1, signDisplay: 'always' });

/** One line of figures about a target. */
export function reportLine(report: TrialReport, failures: number): string {
  const { target, tried, taken, ms, slowestMs, slowestBytes, growthBytes } = report;
  const slowest = slowestMs === 0 ? 'under 1 ms' : `${slowestMs.toFixed(1)} ms (${whole.format(slowestBytes)} B)`;
  return row([
    target,
    whole.format(tried),
    ms > 0 ? whole.format((tried / ms) * 1_000) : '-',
    tried > 0 ? `${whole.format((taken / tried) * 100)} %` : '-',
    slowest,
    growthBytes === undefined ? '-' : `${signed.format(growthBytes / 2 ** 20)} MB`,
    String(failures),
  ]);
}

/** The sum of all lines. */
export function totalLine(reports: readonly TrialReport[], seconds: number, failures: number): string {
  const tried = reports.reduce((sum, report) => sum + report.tried, 0);
  const slowest = Math.max(0, ...reports.map(({ slowestMs }) => slowestMs));
  const rate = seconds > 0 ? whole.format(tried / seconds) : '-';
  return row(['total', whole.format(tried), rate, '', `${slowest.toFixed(1)} ms`, '', String(failures)]);
}
