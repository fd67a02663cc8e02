import type { Place } from './finding.ts';
import type { Findings } from './findings.ts';
import { hashOf, type Line, type Position, readLine } from './line.ts';

/** A line as it was read. */
export interface ReadLine {
  readonly place: Place;
  readonly line: Line;
  readonly hash: string;
}

interface Gap {
  from: number;
  to: number;
  readonly before: Place;
}

/** Holds the lines of a log against each other, in the order in which they stand. Memory does not grow with the log. */
export class ChainCheck {
  readonly #findings: Findings;
  /** The last line that was in its order. */
  #at: Position | undefined;
  #first: ReadLine | undefined;
  #last: ReadLine | undefined;
  #gaps: Gap[] = [];
  /** Lines in a row that could not be read. */
  #unreadable = 0;
  /** It does not hold the line before it: that one was changed, or this one, which its next line will tell. */
  #suspect: { readonly before: ReadLine; readonly self: ReadLine } | undefined;
  /** The last line was found to be changed already: the next cannot hold it. */
  #explained = false;

  /** `after`: the position that the first line follows; undefined: whichever it says. */
  constructor(findings: Findings, after: Position | undefined) {
    this.#findings = findings;
    this.#at = after;
  }

  /** The first line in its order; undefined before there is one. */
  get first(): ReadLine | undefined {
    return this.#first;
  }

  /** The last line in its order; undefined before there is one. */
  get last(): ReadLine | undefined {
    return this.#last;
  }

  /** Takes the next line; gives what it says where it can be read. */
  take(place: Place, bytes: Uint8Array): ReadLine | undefined {
    const line = readLine(bytes);
    if (!line) {
      this.#findings.add('unreadable', 'this is no line of an audit log', place, (this.#at?.seq ?? 0) + 1);
      this.#unreadable++;
      return undefined;
    }
    const read = { place, line, hash: hashOf(bytes) };
    this.#at ??= { seq: line.seq - 1, hash: line.prev };
    const due = this.#at.seq + 1;
    const fits = line.prev === this.#at.hash;
    if (line.seq === due) this.#link(read, fits);
    else if (fits) {
      this.#findings.add('changed', `the line in its place says that it is ${line.seq}`, place, due);
      this.#explained = true;
    } else if (line.seq < due) {
      this.#late(read);
      return read;
    } else this.#jump(read, due);
    this.#at = { seq: line.seq === due || !fits ? line.seq : due, hash: read.hash };
    this.#first ??= read;
    this.#last = read;
    this.#unreadable = 0;
    return read;
  }

  /** There are no more lines. */
  end(): void {
    this.#settle();
    for (const { from, to, before } of this.#gaps)
      this.#findings.add('missing', `${linesText(from, to)} missing before this one`, before, from);
    this.#gaps = [];
  }

  #link(read: ReadLine, fits: boolean): void {
    const explained = this.#explained;
    this.#explained = false;
    if (fits) this.#settle();
    else if (explained) return;
    else if (this.#suspect) {
      // Neither does it hold what is before it, nor does the next line hold it.
      this.#changed(this.#suspect.self);
      this.#suspect = undefined;
    } else if (this.#last) this.#suspect = { before: this.#last, self: read };
    else {
      const what = read.line.seq === 1 ? 'it does not begin a log' : 'it does not follow the line that it should';
      this.#findings.add('changed', what, read.place, read.line.seq);
      this.#explained = true;
    }
  }

  #settle(): void {
    if (this.#suspect) this.#changed(this.#suspect.before);
    this.#suspect = undefined;
  }

  #changed({ place, line }: ReadLine): void {
    this.#findings.add('changed', 'this is not the line that the next one holds', place, line.seq);
  }

  #jump({ place, line }: ReadLine, due: number): void {
    this.#settle();
    this.#explained = false;
    // Lines that could not be read stand for the first ones.
    const from = due + this.#unreadable;
    if (from >= line.seq) return;
    if (!this.#findings.full) this.#gaps.push({ from, to: line.seq - 1, before: place });
  }

  #late({ place, line }: ReadLine): void {
    const { seq } = line;
    const gap = this.#gaps.find(({ from, to }) => from <= seq && seq <= to);
    if (!gap) {
      this.#findings.add('put-in', 'there was a line of this number before', place, seq);
      return;
    }
    this.#findings.add('out-of-order', `stands after seq ${this.#at?.seq}`, place, seq);
    const rest = [
      { ...gap, to: seq - 1 },
      { ...gap, from: seq + 1 },
    ].filter(({ from, to }) => from <= to);
    this.#gaps.splice(this.#gaps.indexOf(gap), 1, ...rest);
  }
}

/** "lines 3 to 7 are", "line 3 is". */
export function linesText(from: number, to: number): string {
  return from === to ? `line ${from} is` : `lines ${from} to ${to} are`;
}
