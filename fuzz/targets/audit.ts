import { ChainCheck } from '../../packages/audit/chain-check.ts';
import { describeFinding } from '../../packages/audit/finding.ts';
import { Findings, mostFindings } from '../../packages/audit/findings.ts';
import { beginning, hashOf, lineOf, mostLineBytes, readLine } from '../../packages/audit/line.ts';
import { printable } from '../../packages/audit/printable.ts';
import { readSeal } from '../../packages/audit/seal.ts';
import { SealCheck } from '../../packages/audit/seal-check.ts';
import { trustIn } from '../../packages/audit/trust.ts';
import { jsonRepeat, jsonTree } from '../mutate/json.ts';
import type { Mutator } from '../mutate/mutator.ts';
import { lines } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken } from '../target.ts';
import { sampleCa, sampleHead, sampleLog } from './audit-sample.ts';

const trust = trustIn(sampleCa);
const endpointId = 'self::configuration-1';
const sample = Buffer.from(sampleLog);
const head = await readSeal(sampleHead, trust);
if ('problem' in head) throw new Error(`the sample's head ${head.problem}`);
const signed = head;

const linesOf = (input: Uint8Array): string[] => Buffer.from(input).toString('utf8').split('\n').slice(0, -1);

/** Mutates one line as the JSON that it is. */
const oneLine: Mutator = (input, material) => {
  const { chance } = material;
  const row = linesOf(input);
  const at = chance.below(Math.max(row.length, 1));
  const line = Buffer.from(row[at] ?? '{}');
  row[at] = Buffer.from(chance.pick([jsonTree, jsonRepeat])(line, { ...material, other: () => line })).toString('utf8');
  return Buffer.from(row.map((each) => `${each}\n`).join(''));
};

/** Mutates, and then numbers and chains the lines anew, as whoever knows the format can. */
const chained: Mutator = (input, material) => {
  const mutated = material.chance.pick([oneLine, lines])(input, material);
  let at = beginning;
  const made = linesOf(mutated).map((line) => {
    try {
      const { seq: _, prev: _prev, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const written = lineOf(at, JSON.stringify(rest).slice(1, -1));
      at = { seq: at.seq + 1, hash: hashOf(written) };
      return written;
    } catch {
      return line;
    }
  });
  return Buffer.from(made.map((line) => `${line}\n`).join(''));
};

/** What verifying the input finds, held against the head file of the log that was signed. */
async function verify(input: Uint8Array): Promise<Findings> {
  const findings = new Findings();
  const { seq, hash } = signed.seal;
  const chain = new ChainCheck(findings, beginning);
  const seals = new SealCheck(findings, { trust, of: endpointId, anchors: [{ seq, hash, from: 'the head file' }] });
  let start = 0;
  for (let line = 1; start < input.length; line++) {
    const end = input.indexOf(0x0a, start);
    // What has no end is told as torn, and is no line.
    if (end < 0) break;
    const read = chain.take({ file: 'log', line }, input.subarray(start, end));
    if (read) await seals.take(read);
    start = end + 1;
  }
  chain.end();
  seals.end(chain.last);
  const problem = seals.judge(signed);
  if (problem !== undefined) findings.add('seal', problem);
  return findings;
}

/** Audit logs on a disk that somebody else owns: `readLine`, `readSeal`, and what `sluice audit verify` finds. */
export const auditLog: Target = {
  name: 'audit-log',
  mostBytes: 64 * 1024,
  seeds: bytesOf(sampleLog),
  words: ['"seq":', '"prev":"', '"kind":"checkpoint"', '"kind":"log"', '"sealed":"', '\n', '{', '}', '"'],
  mutators: [oneLine, lines, chained],
  async feed(input) {
    const { wrong, notes, more } = await verify(input);
    promise(wrong.length <= mostFindings && notes.length <= mostFindings, 'findings are bounded');
    for (const finding of [...wrong, ...notes]) {
      const told = describeFinding(finding);
      promise(told.length <= 1_024 && told === printable(told), 'a finding is a bounded line of text');
    }
    // What follows the end of a log is a note while it may be a beginning that a crash cut short: one line, or half of one.
    const isWhole = Buffer.compare(sample, input.subarray(0, sample.length)) === 0;
    const after = linesOf(input.subarray(sample.length)).length;
    if (isWhole && after === 0) promise(wrong.length === 0, 'nothing else is found');
    if (!isWhole || after > 1) promise(wrong.length > 0, 'whatever was changed in a log is found');
    for (const text of linesOf(input)) {
      const line = readLine(Buffer.from(text));
      if (line) promise(text.length <= mostLineBytes && line.seq >= 1, 'a line is bounded and numbered');
    }
    const kinds = [...new Set(wrong.map(({ kind }) => kind))].sort().join(' ');
    return wrong.length === 0 ? taken() : refused(`${kinds} ${Math.min(wrong.length, 8)} ${Math.min(more, 1)}`);
  },
};
