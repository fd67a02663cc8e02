import { linesText, type ReadLine } from './chain-check.ts';
import type { Findings } from './findings.ts';
import { isHash, type Position } from './line.ts';
import { readSeal, type Seal, type Signer, type Trust } from './seal.ts';

/** Most lines that a log may have from one checkpoint to the next. */
export const mostUnsealed = 10_000;

/** A position that a log must have come to, and who says so. */
export interface Anchor extends Position {
  /** "the head file" */
  readonly from: string;
}

/** What the lines of a log are held against beside each other. */
export interface SealGround {
  readonly trust: Trust;
  /** Whose log it must be; undefined: whose it says it is. */
  readonly of: string | undefined;
  readonly anchors: readonly Anchor[];
}

/** Holds a log's lines against what was signed. */
export class SealCheck {
  /** The log's name, once known. */
  log: string | undefined;
  signer: Signer | undefined;
  /** The last line of the files that the part itself removed, as it says. */
  removed: Position | undefined;
  /** What the last checkpoint says, and the line it is. */
  sealed: { readonly seal: Seal; readonly seq: number } | undefined;
  readonly #findings: Findings;
  readonly #ground: SealGround;
  readonly #anchors: Map<number, Anchor[]>;
  readonly #oddTimes = new Set<string>();
  /** Whose it must be, or else whose its first line says it is. */
  #of: string | undefined;
  #unsealed = 0;
  /** What the next line must be: a log that was closed is taken up by a line that says so, and that is signed at once. */
  #due: readonly string[] | undefined;
  #checkpointLines = mostUnsealed;

  constructor(findings: Findings, ground: SealGround) {
    this.#findings = findings;
    this.#ground = ground;
    this.#of = ground.of;
    this.#anchors = Map.groupBy(ground.anchors, ({ seq }) => seq);
  }

  /** Takes a line; to be waited for where it is a promise. */
  take(read: ReadLine): Promise<void> | undefined {
    const { place, line, hash } = read;
    for (const { from, hash: wanted } of this.#anchors.get(line.seq) ?? [])
      if (wanted !== hash) this.#findings.add('changed', `it is not what ${from} holds of it`, place, line.seq);
    this.#anchors.delete(line.seq);
    const due = this.#due;
    this.#due = undefined;
    if (due && !due.includes(line.kind))
      this.#findings.add('unsealed', `a line of the log's own (${due[0]}) must stand here`, place, line.seq);
    if (line.kind === 'checkpoint') {
      this.#unsealed = 0;
      return this.#checkpoint(read);
    }
    // One more: a log that is taken up again says so before it is signed.
    if (++this.#unsealed === this.#checkpointLines + 2)
      this.#findings.add('unsealed', `${this.#unsealed} lines and no checkpoint among them`, place, line.seq);
    if (line.kind === 'log') this.#logLine(read);
    else if (line.kind === 'files-removed') {
      const { through, hash: removed } = line.fields;
      if (typeof through === 'number' && isHash(removed)) this.removed = { seq: through, hash: removed };
    } else if (line.kind === 'lines-lost') {
      const { count, since, until } = line.fields;
      const told = `${short(count)} lines could not be kept between ${short(since)} and ${short(until)}`;
      this.#findings.add('note', told, place, line.seq);
    }
    return undefined;
  }

  /** There are no more lines; `last` is the last one in its order. */
  end(last: ReadLine | undefined): void {
    const end = last?.line.seq ?? 0;
    for (const { seq, from } of [...this.#anchors.values()].flat()) {
      if (seq > end) {
        const what = `${linesText(end + 1, seq)} cut off: the log must come to seq ${seq}, says ${from}`;
        this.#findings.add('cut-off', what, last?.place, end + 1);
      } else if (seq > 0) this.#findings.add('missing', `it is not there, and ${from} knows of it`, undefined, seq);
    }
  }

  /** Says what is wrong with a signature of this log. */
  judge({ seal, signer }: { readonly seal: Seal; readonly signer: Signer }): string | undefined {
    this.log ??= seal.log;
    if (seal.log !== this.log) return 'is of another log';
    this.#of ??= signer.endpointId;
    if (signer.endpointId !== this.#of) return `is signed by ${signer.endpointId}, and this is the log of ${this.#of}`;
    if (this.signer && signer.role !== this.signer.role) return `is signed by a ${signer.role}`;
    this.signer ??= signer;
    return undefined;
  }

  async #checkpoint({ place, line }: ReadLine): Promise<void> {
    const { sealed, why } = line.fields;
    const read = await readSeal(typeof sealed === 'string' ? sealed : '', this.#ground.trust);
    if ('problem' in read) return this.#findings.add('seal', `the checkpoint ${read.problem}`, place, line.seq);
    const { seal, signer } = read;
    const problem = this.judge(read);
    if (problem !== undefined) return this.#findings.add('seal', `the checkpoint ${problem}`, place, line.seq);
    if (seal.seq !== line.seq - 1 || seal.hash !== line.prev || seal.at !== line.at || seal.why !== why) {
      const since = this.sealed ? `since seq ${this.sealed.seq}` : 'before it';
      const what = `the lines ${since} are not those that were signed: seq ${seal.seq} was ${seal.hash.slice(0, 16)}...`;
      return this.#findings.add('seal', what, place, line.seq);
    }
    this.sealed = { seal, seq: line.seq };
    if (seal.why === 'closing' || seal.why === 'rotation') this.#due = ['log'];
    const { certificate } = signer;
    const at = Date.parse(seal.at);
    const inTime = at >= Date.parse(certificate.validFrom) && at <= Date.parse(certificate.validTo);
    if (inTime || this.#oddTimes.has(certificate.serialNumber)) return;
    this.#oddTimes.add(certificate.serialNumber);
    this.#findings.add('note', 'signed at a time at which its certificate was not good', place, line.seq);
  }

  #logLine({ place, line }: ReadLine): void {
    const { log, why, checkpointLines, torn, unsealed, missing, head, of } = line.fields;
    const add = (kind: Parameters<Findings['add']>[0], what: string) => this.#findings.add(kind, what, place, line.seq);
    if (typeof log === 'string') {
      this.log ??= log;
      if (log !== this.log) add('other-log', 'another log begins here');
    }
    if (typeof of === 'string') this.#of ??= of;
    if (of !== this.#of) add('other-log', `this is the log of ${short(of)}, not of ${this.#of}`);
    if (typeof checkpointLines === 'number' && checkpointLines >= 1)
      this.#checkpointLines = Math.min(checkpointLines, mostUnsealed);
    if (missing !== undefined) add('cut-off', `when it was taken up here, lines up to ${short(missing)} were missing`);
    if (head !== undefined) add('end-unknown', `when it was taken up here, the head file was ${short(head)}`);
    if (why !== 'rotated') this.#due = ['checkpoint', 'log'];
    if (torn !== undefined) add('note', `taken up after a crash that tore the last line: ${short(torn)}`);
    if (unsealed !== undefined)
      add('note', `taken up after a crash: the ${short(unsealed)} lines before it had not been signed until then`);
  }
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 120);
}
