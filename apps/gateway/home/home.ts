import { type InterfaceNames, readIpAddresses } from './ip-addresses.ts';
import { Neighbours } from './neighbours.ts';
import { type Networks, noNetworks } from './networks.ts';

/** What the gateway knows of its own networks and of the devices in them, kept up to date by whoever watches. */
export class Home {
  readonly neighbours: Neighbours;
  readonly #names: InterfaceNames;
  readonly #listeners = new Set<() => void>();
  #networks: Networks = noNetworks;

  constructor(names: InterfaceNames) {
    this.#names = names;
    this.neighbours = new Neighbours(names.lan);
  }

  get networks(): Networks {
    return this.#networks;
  }

  /** Calls `listener` after every change until the returned function is called. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what `ip -json address show` writes. */
  loadAddresses(json: string): void {
    this.#networks = readIpAddresses(json, this.#names);
    this.#changed();
  }

  /** Takes what `ip -json neighbour show` writes. */
  loadNeighbours(json: string): void {
    this.neighbours.load(json);
    this.#changed();
  }

  /** Takes a line of `ip -oneline monitor`; tells whether addresses or interfaces are to be read again. */
  applyMonitorLine(line: string): 'read-addresses' | 'done' {
    // "2: lan0 inet 192.168.1.1/24 ...", "Deleted 3: wan0 ...": the interface's index comes first.
    if (/^(Deleted )?\d+: /.test(line)) return 'read-addresses';
    if (this.neighbours.apply(line)) this.#changed();
    return 'done';
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
