import type { Finding, FindingKind, Place } from './finding.ts';

/** Most findings that are kept; what comes after is counted. */
export const mostFindings = 1_000;

/** What was found in a log: bounded, however broken it is. */
export class Findings {
  readonly wrong: Finding[] = [];
  readonly notes: Finding[] = [];
  /** How many more there were of each. */
  more = 0;

  get full(): boolean {
    return this.wrong.length >= mostFindings;
  }

  add(kind: FindingKind | 'note', message: string, place?: Place, seq?: number): void {
    const list = kind === 'note' ? this.notes : this.wrong;
    if (list.length >= mostFindings) this.more++;
    else list.push({ kind, message, ...(place && { place }), ...(seq !== undefined && { seq }) });
  }
}
