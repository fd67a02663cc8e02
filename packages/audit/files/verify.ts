import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ChainCheck, linesText, type ReadLine } from '../chain-check.ts';
import type { Finding } from '../finding.ts';
import { Findings } from '../findings.ts';
import { beginning, type Position } from '../line.ts';
import type { Signer, Trust } from '../seal.ts';
import { type Anchor, SealCheck } from '../seal-check.ts';
import { trustAnyone } from '../trust.ts';
import { boundOfHead, boundOfNext, type Head, readHead } from './bound.ts';
import { headName, logFiles } from './names.ts';
import { readLines } from './read-lines.ts';

/** What to verify, and against what. */
export interface VerifyWish {
  /** Directory of a log, or one file of it. */
  readonly path: string;
  /** Whose certificates count; left out: anyone's, which shows that a log fits together and not whose it is. */
  readonly trust?: Trust;
  /** Endpoint id whose log it must be. */
  readonly of?: string | undefined;
  /** Positions noted elsewhere: each must stand in the log. */
  readonly expect?: readonly Position[];
  /** What the first line follows, where older files were put away; left out: a directory begins with line 1. */
  readonly after?: Position;
}

/** What came of it. */
export interface Verified {
  /** Empty: nothing is wrong. */
  readonly wrong: readonly Finding[];
  /** What a reader should know. */
  readonly notes: readonly Finding[];
  /** Findings that were not kept, there were so many. */
  readonly more: number;
  readonly files: number;
  readonly lines: number;
  readonly last: Position | undefined;
  readonly log: string | undefined;
  readonly signer: Pick<Signer, 'endpointId' | 'role'> | undefined;
}

/** Verifies a log, also one that is being written. Throws where there is none or it cannot be read. */
export async function verifyLog(wish: VerifyWish, signal: AbortSignal): Promise<Verified> {
  const { path, trust = trustAnyone, of, expect = [], after } = wish;
  const whole = (await stat(path)).isDirectory();
  const directory = whole ? path : dirname(path);
  // Before the lines: the head of a log that is being written is never ahead of them.
  const head = await readHead(join(directory, headName), trust);
  const all = await logFiles(directory);
  const files = whole ? all.map(({ name }) => name) : [basename(path)];
  if (files.length === 0 && !head) throw new Error(`${path}: there is no audit log here`);
  const place = all.findIndex(({ name }) => !whole && name === files[0]);
  const next = place < 0 ? undefined : all[place + 1];
  // What follows one file alone is none of its business; the next one says where it ends.
  const bound = next ? await boundOfNext(directory, next, signal) : boundOfHead(head);

  const findings = new Findings();
  const expected: Anchor[] = expect.map((position) => ({ ...position, from: '--expect' }));
  const anchors = bound ? [...expected, bound] : expected;
  const beginsLater = whole && !after && (all[0]?.first ?? 1) > 1;
  const chain = new ChainCheck(findings, after ?? (whole && !beginsLater ? beginning : undefined));
  const seals = new SealCheck(findings, { trust, of, anchors });
  let lines = 0;
  for (const file of files) {
    for await (const stretch of readLines(join(directory, file), signal)) {
      for (const { number, bytes, torn } of stretch) {
        const place = { file, line: number };
        if (torn && file === files.at(-1)) {
          const what = `the last line is torn after ${bytes.length} bytes: being written, or left so by a crash`;
          findings.add('note', what, place);
          continue;
        }
        lines++;
        const read = chain.take(place, bytes);
        if (torn) findings.add('changed', 'the end of this line was taken away', place, read?.line.seq);
        const wait = read && seals.take(read);
        if (wait) await wait;
      }
    }
  }
  chain.end();
  if (beginsLater) judgeBeginning(chain.first, seals, findings);
  const last = chain.last && { seq: chain.last.line.seq, hash: chain.last.hash };
  seals.end(chain.last);
  judgeHead(head, seals, findings);
  if (anchors.length === 0) judgeEnd(whole, last, seals, findings);
  else if (!bound) findings.add('note', 'no head file: how far the lines came after --expect, nothing says');
  const held = Math.max(seals.sealed?.seq ?? 0, bound?.seq ?? 0);
  if (last && last.seq > held)
    findings.add('note', `${linesText(held + 1, last.seq)} after the last checkpoint: nothing signed holds that yet`);
  const { wrong, notes, more } = findings;
  return {
    wrong: wrong.toSorted((one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity)),
    notes,
    more,
    files: files.length,
    lines,
    last,
    log: seals.log,
    signer: seals.signer && { endpointId: seals.signer.endpointId, role: seals.signer.role },
  };
}

/** A log begins with line 1, or after what its part itself removed. */
function judgeBeginning(first: ReadLine | undefined, { removed = beginning }: SealCheck, findings: Findings): void {
  if (!first) return;
  const { place, line } = first;
  const before = line.seq - 1;
  if (before === removed.seq && line.prev !== removed.hash)
    findings.add('changed', 'it does not follow the lines that were removed', place, line.seq);
  else if (before > removed.seq) findings.add('missing', `${linesText(1, before)} missing before this one`, place, 1);
  else if (before > 0) findings.add('note', `${linesText(1, before)} removed by the part itself (keepDays)`, place, 1);
}

function judgeHead(head: Head, seals: SealCheck, findings: Findings): void {
  if (!head) return;
  const problem = 'seal' in head ? seals.judge(head) : head.problem;
  if (problem !== undefined) findings.add('seal', `the head file ${problem}`);
}

/** Nothing says how far the lines must come. */
function judgeEnd(whole: boolean, last: Position | undefined, { sealed }: SealCheck, findings: Findings): void {
  const ended = sealed?.seq === last?.seq && (sealed?.seal.why === 'closing' || sealed?.seal.why === 'rotation');
  if (!whole && ended) findings.add('note', 'only this file was looked at: nothing here says that none followed it');
  else findings.add('end-unknown', 'no head file, and no --expect: nothing says how long this log must be');
}
