import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOnHost } from '../process.ts';

/** What Debian's SIPp is to do. */
export interface SippRun {
  /** Of `BuiltNetwork.namespace`. */
  readonly namespace: string;
  /** Its own IPv4 address; it speaks from port 5060. */
  readonly address: string;
  /** Where it sends, "203.0.113.20:5060". */
  readonly to: string;
  /** Of `sipp/`, without ".xml". */
  readonly scenario: 'register' | 'caller' | 'callee';
  /** How many times. */
  readonly times: number;
  /** The fields of each user, taken one after the other, and again from the first. */
  readonly users?: readonly (readonly string[])[];
  /** New ones a second, and most at once. */
  readonly perSecond?: number;
  readonly atOnce?: number;
}

const scenarios = join(import.meta.dirname, 'sipp');

/** Runs SIPp to its end: resolves when each time went as its scenario says, rejects with what went otherwise. */
export async function runSipp(what: SippRun, signal: AbortSignal): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sipp-'));
  const errors = join(directory, 'errors');
  const options = ['-i', what.address, '-p', '5060', '-t', 'u1', '-m', String(what.times)];
  if (what.users) {
    writeFileSync(join(directory, 'users'), `SEQUENTIAL\n${what.users.map((user) => user.join(';')).join('\n')}\n`);
    options.push('-inf', join(directory, 'users'));
  }
  if (what.perSecond !== undefined) options.push('-r', String(what.perSecond));
  if (what.atOnce !== undefined) options.push('-l', String(what.atOnce));
  // It answers an INFO in its calls with 200, and as caller what is of no call of its own with 481.
  options.push('-aa', '-nostdin', '-trace_err', '-error_file', errors);
  if (what.scenario === 'caller') options.push('-deadcall_wait', '0', '-oocsf', join(scenarios, 'no-such-call.xml'));
  try {
    const scenario = join(scenarios, `${what.scenario}.xml`);
    const command = ['sipp', what.to, '-sf', scenario, ...options];
    await using sipp = await startOnHost(
      { name: `SIPp as ${what.scenario}`, namespace: what.namespace, command, becomesReady: false },
      signal,
    );
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`SIPp as ${what.scenario} is not done:\n${saidIn(errors)}`));
      signal.addEventListener('abort', late, { once: true });
      void sipp.ended.then(({ code }) => {
        signal.removeEventListener('abort', late);
        if (code === 0) resolve();
        else
          reject(
            new Error(`SIPp as ${what.scenario}: status ${code}\n${sipp.log.slice(-60).join('\n')}\n${saidIn(errors)}`),
          );
      });
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function saidIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-4_000);
  } catch {
    return '';
  }
}
