import { type Endpoint, type IpAddress, type Opening, type Port, type Refusal, refuse } from '@sluice/model';

/** One stream that this device is about to receive, or receives: its own port, and who sends. */
export interface AskedStream {
  readonly transport: 'tcp' | 'udp';
  readonly port: Port;
  /** Left out for a call: the other party's global endpoint is known to the portal alone, until it is open. */
  readonly remote?: Endpoint;
}

/**
 * What this device asked for. It is the last word in the home: whatever it is told to open must point at itself, at a
 * port that it holds for a stream, and let in the sender of that stream.
 */
export class OwnRequests {
  readonly #ownAddresses: () => ReadonlySet<IpAddress>;
  readonly #asked = new Set<() => readonly AskedStream[]>();

  constructor(ownAddresses: () => ReadonlySet<IpAddress>) {
    this.#ownAddresses = ownAddresses;
  }

  /** These streams are asked for until what is returned is disposed of; a function says anew each time which they are. */
  ask(streams: readonly AskedStream[] | (() => readonly AskedStream[])): Disposable {
    const asked = typeof streams === 'function' ? streams : () => streams;
    this.#asked.add(asked);
    return { [Symbol.dispose]: () => void this.#asked.delete(asked) };
  }

  /** Why an opening may not be made; undefined where this device asked for it. */
  judge({ id, streamType, local, remote }: Opening): Refusal | undefined {
    const transport = streamType === 'tcp' ? 'tcp' : 'udp';
    if (local.address === undefined || !this.isOwn(local.address))
      return refuse(
        'not-asked-for',
        `the opening ${id} leads to ${local.address ?? 'no address'}, not to this device`,
        id,
      );
    const streams = [...this.#asked]
      .flatMap((asked) => asked())
      .filter((stream) => stream.transport === transport && stream.port === local.port);
    if (streams.length === 0)
      return refuse(
        'not-asked-for',
        `the opening ${id} leads to ${transport} port ${local.port}, which nothing here asked for`,
        id,
      );
    const sends = ({ remote: asked }: AskedStream) =>
      remote.port !== undefined && (!asked || (asked.address === remote.address && asked.port === remote.port));
    if (streams.some(sends)) return undefined;
    return refuse(
      'not-asked-for',
      `the opening ${id} lets in ${remote.address} port ${remote.port ?? 'any'}, which sends nothing that was asked for`,
      id,
    );
  }

  /** Whether an address is this device's. */
  isOwn(address: IpAddress): boolean {
    return this.#ownAddresses().has(address);
  }
}
