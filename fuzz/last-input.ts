const headInts = 2;

/** The input that a worker is at, in memory that another thread reads when the worker no longer answers. */
export class LastInput {
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  /** `shared` as another thread made it, or anew for inputs of up to `mostBytes`. */
  constructor(shared: SharedArrayBuffer | { readonly mostBytes: number }) {
    this.shared = shared instanceof SharedArrayBuffer ? shared : new SharedArrayBuffer(headInts * 4 + shared.mostBytes);
    this.#head = new Int32Array(this.shared, 0, headInts);
    this.#bytes = new Uint8Array(this.shared, headInts * 4);
  }

  /** The worker begins with an input. */
  begin(input: Uint8Array): void {
    this.#bytes.set(input);
    this.#head[1] = input.length;
    Atomics.add(this.#head, 0, 1);
  }

  /** Inputs begun so far; stands still while one hangs. */
  get count(): number {
    return Atomics.load(this.#head, 0);
  }

  /** A copy. */
  read(): Uint8Array {
    return this.#bytes.slice(0, this.#head[1]);
  }
}
