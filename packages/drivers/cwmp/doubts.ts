/** The parameter key of a call that adds a row: if it is a device's last, rows without values are ours. */
const adding = /^sluice-adding-(\d{1,6})$/;

/** The parameter key of every other call of ours. */
export const settledKey = 'sluice';

/** The key for adding a row where there are `blank` rows without values already, of somebody else. */
export function addingKey(blank: number): string {
  return `sluice-adding-${blank}`;
}

/**
 * Rows that were added and not filled in yet, or not taken away. Whatever happens in between - a fault, a connection
 * that breaks, the end of this process - they are found again and removed; rows of others are not.
 */
export class Doubts {
  readonly #added = new Set<string>();
  #before: ReadonlySet<string> | undefined;
  #hasLooked = false;

  /** Whether the device may hold something that nobody wants. */
  get any(): boolean {
    return this.#added.size > 0 || this.#before !== undefined;
  }

  /** A row is being added, beside these: until its number is known, any other row without values may be it. */
  add(there: Iterable<string>): void {
    this.#before = new Set(there);
  }

  /** Its number is known. */
  added(path: string): void {
    this.#added.add(path);
    this.#before = undefined;
  }

  /** The device refused to add it. */
  notAdded(): void {
    this.#before = undefined;
  }

  /** A row was filled in, or is gone. */
  settled(path: string): void {
    this.#added.delete(path);
  }

  /**
   * Which of the rows without values are ours. `key` is the device's parameter key at its last Inform: it tells of a
   * process before this one, and so counts at the first look only.
   */
  orphans(blank: readonly string[], key: string | undefined): readonly string[] {
    const isFirst = !this.#hasLooked;
    this.#hasLooked = true;
    const before = adding.exec(key ?? '')?.[1];
    if (isFirst && before !== undefined && Number(before) === 0 && !this.any) return blank;
    return blank.filter((path) => this.#added.has(path) || this.#before?.has(path) === false);
  }

  /** All rows were seen and what was ours among them is gone. */
  clear(): void {
    this.#added.clear();
    this.#before = undefined;
  }
}
