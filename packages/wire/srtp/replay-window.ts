/** Indices behind the highest one that may still come (RFC 3711 3.3.2 wants 64 at least): what is in flight of a fast stream. */
const width = 1024;

/** Which of the latest indices of one source have been taken: each is taken once. */
export class ReplayWindow {
  readonly #taken = new Uint32Array(width / 32);
  #highest: number | undefined;

  /** The highest index taken; undefined before the first. */
  get highest(): number | undefined {
    return this.#highest;
  }

  /** Whether an index may be taken: it is new, and not older than the window. */
  isNew(index: number): boolean {
    if (this.#highest === undefined || index > this.#highest) return true;
    if (this.#highest - index >= width) return false;
    const slot = index % width;
    return ((this.#taken[slot >> 5] ?? 0) & (1 << (slot & 31))) === 0;
  }

  /** Takes an index that {@link isNew}, once its packet has proved authentic. */
  take(index: number): void {
    if (this.#highest === undefined || index - this.#highest >= width) this.#taken.fill(0);
    else for (let passed = this.#highest + 1; passed < index; passed++) this.#mark(passed, false);
    this.#mark(index, true);
    this.#highest = Math.max(this.#highest ?? index, index);
  }

  #mark(index: number, isTaken: boolean): void {
    const slot = index % width;
    const bits = this.#taken[slot >> 5] ?? 0;
    this.#taken[slot >> 5] = isTaken ? bits | (1 << (slot & 31)) : bits & ~(1 << (slot & 31));
  }
}
