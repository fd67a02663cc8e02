import type { Cancel, Clock, Instant } from '@sluice/model';
import type { Row } from './row.ts';
import { Timetable } from './timetable.ts';

/** How long before a lease ends its counters are read: an element that ends takes them along. */
export const lastLookMs = 100;

/** What is done about leases, each for all rows that are due together. */
export interface LeaseActs {
  /** Whether a row is still in its table, unchanged. */
  isCurrent(row: Row): boolean;
  lastLook(rows: readonly Row[]): void;
  end(rows: readonly Row[]): void;
}

/** Knows when leases end. One timer, for the earliest. */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #acts: LeaseActs;
  readonly #timetable = new Timetable<{ readonly row: Row; readonly act: 'lastLook' | 'end' }>();
  #armed: { readonly at: Instant; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, acts: LeaseActs) {
    this.#clock = clock;
    this.#acts = acts;
  }

  /** Watches a row's lease until the row is gone or another is in its place. */
  watch(row: Row): void {
    if (row.until === Number.POSITIVE_INFINITY) return;
    this.#timetable.put(row.until - lastLookMs, { row, act: 'lastLook' });
    this.#arm();
  }

  /** Does what is due. */
  catchUp(): void {
    const now = this.#clock.now();
    const due = { lastLook: [] as Row[], end: [] as Row[] };
    for (let entry = this.#timetable.take(now); entry; entry = this.#timetable.take(now)) {
      if (!this.#acts.isCurrent(entry.row)) continue;
      due[entry.act].push(entry.row);
      if (entry.act === 'lastLook') this.#timetable.put(entry.row.until, { row: entry.row, act: 'end' });
    }
    if (due.lastLook.length > 0) this.#acts.lastLook(due.lastLook);
    if (due.end.length > 0) this.#acts.end(due.end);
    this.#arm();
  }

  stop(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #arm(): void {
    const { next } = this.#timetable;
    if (next === this.#armed?.at) return;
    this.stop();
    if (next === undefined) return;
    const cancel = this.#clock.after(Math.max(1, next - this.#clock.now()), () => {
      this.#armed = undefined;
      this.catchUp();
    });
    this.#armed = { at: next, cancel };
  }
}
