const none = 0;

/** Ports in the order they were put in; every operation takes the same time however many there are. */
export class PortQueue {
  readonly #next = new Uint16Array(65536);
  readonly #previous = new Uint16Array(65536);
  readonly #has = new Uint8Array(65536);

  has(port: number): boolean {
    return this.#has[port] === 1;
  }

  /** The port that waits longest, or undefined. */
  first(): number | undefined {
    return this.#at(this.#next, none);
  }

  /** The port put in after `port`, or undefined. */
  after(port: number): number | undefined {
    return this.#at(this.#next, port);
  }

  /** Puts a port at the end; harmless where it is already in. */
  put(port: number): void {
    if (this.has(port)) return;
    const last = this.#previous[none] ?? none;
    this.#has[port] = 1;
    this.#join(last, port);
    this.#join(port, none);
  }

  /** Takes a port out, wherever it stands; harmless where it is not in. */
  take(port: number): void {
    if (!this.has(port)) return;
    this.#has[port] = 0;
    this.#join(this.#previous[port] ?? none, this.#next[port] ?? none);
  }

  // Port 0 is no port, so its place holds the two ends of the ring.
  #join(left: number, right: number): void {
    this.#next[left] = right;
    this.#previous[right] = left;
  }

  #at(links: Uint16Array, port: number): number | undefined {
    const found = links[port] ?? none;
    return found === none ? undefined : found;
  }
}
