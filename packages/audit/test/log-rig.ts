import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Identity, openAuthority } from '@sluice/identity';
import { silentLog, VirtualClock } from '@sluice/io';
import { logFiles } from '../files/names.ts';
import { AuditLog, type AuditSettings, trustIn, type Verified, type VerifyWish, verifyLog } from '../index.ts';

/** The directory of a log, whose it is, and a clock that the test moves. */
export interface LogRig extends AsyncDisposable {
  readonly directory: string;
  readonly identity: Identity;
  readonly clock: VirtualClock;
  /** What was told to the part's log as an error. */
  readonly errors: string[];
  issue(endpointId: string): Promise<Identity>;
  /** Opens the log. One that the test does not close is left as a crash leaves it, until the test is over. */
  open(settings?: Partial<AuditSettings>): Promise<AuditLog>;
  /** Lets time pass, a second at a time, each with what the log does in it. */
  pass(seconds: number): Promise<void>;
  verify(wish?: Partial<VerifyWish>): Promise<Verified>;
  /** Paths of the log's files, in order. */
  files(): Promise<string[]>;
  /** Puts other lines into the place of a file's own. */
  edit(path: string, change: (lines: string[]) => readonly string[]): Promise<void>;
}

const patient = new AbortController().signal;

/** Makes one, with a deployment's authority. */
export async function logRig(endpointId = 'self::configuration-1'): Promise<LogRig> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-audit-'));
  const clock = new VirtualClock();
  const authority = await openAuthority(join(root, 'authority'), () => clock.now());
  const identity = await authority.issue({ endpointId, role: 'configuration-server' });
  const directory = join(root, 'log');
  const errors: string[] = [];
  const opened: AuditLog[] = [];
  const log = {
    ...silentLog,
    error: (fields: object, message: string) => void errors.push(`${message} ${JSON.stringify(fields)}`),
  };
  return {
    directory,
    identity,
    clock,
    errors,
    issue: (other) => authority.issue({ endpointId: other, role: 'configuration-server' }),
    async open(settings = {}) {
      const audit = new AuditLog({ directory, ...settings }, { identity, clock, log });
      opened.push(audit);
      await audit.flushed();
      return audit;
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        for (const audit of opened) await audit.flushed();
        await clock.pass(1_000);
      }
      for (const audit of opened) await audit.flushed();
    },
    verify: (wish = {}) =>
      verifyLog({ path: directory, trust: trustIn(identity.caPem), of: endpointId, ...wish }, patient),
    files: async () => (await logFiles(directory)).map(({ name }) => join(directory, name)),
    async edit(path, change) {
      const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
      await writeFile(
        path,
        change(lines)
          .map((line) => `${line}\n`)
          .join(''),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const audit of opened) await audit[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
    },
  };
}

/** What a finding says in short. */
export function inShort({ wrong }: Verified): string[] {
  return wrong.map(({ kind, seq, place }) => `${kind} ${seq ?? '-'}${place ? ` line ${place.line}` : ''}`);
}
