import type { Gateway, IpAddress, Refusal } from '@sluice/model';
import {
  type EpochReading,
  ErrorHolds,
  OpeningBook,
  type PortControlServer,
  type SpokenVersion,
  Turns,
} from '@sluice/port-control';

/** What is remembered of one server: a gateway has one for each IP version. */
export class ServerMemory {
  readonly server: PortControlServer;
  readonly holds = new ErrorHolds<Refusal>();
  epoch: EpochReading | undefined;
  version: SpokenVersion | undefined;
  /** It does not know FILTER. */
  unfiltered = false;
  /** It answers a deletion of what is not there with NO_RESOURCES; undefined: not found out. */
  noResourcesMeansGone: boolean | undefined;
  /** Its global address, as it last said. */
  external: IpAddress | undefined;

  constructor(server: PortControlServer) {
    this.server = server;
  }
}

/** What is remembered of one gateway between conversations; gone with the driver. */
export class GatewayMemory {
  readonly gatewayId: string;
  readonly book = new OpeningBook();
  readonly turns = new Turns();
  readonly #servers = new Map<string, ServerMemory>();

  constructor({ gatewayId }: Gateway) {
    this.gatewayId = gatewayId;
  }

  /** What is known of a server; where another took its place, nothing is. */
  at(server: PortControlServer): ServerMemory {
    const key = `${server.address} ${server.port} ${server.interface ?? ''}`;
    const known = this.#servers.get(key) ?? new ServerMemory(server);
    this.#servers.set(key, known);
    return known;
  }

  /** Servers under an address, where it was spoken to. */
  under(address: IpAddress): readonly ServerMemory[] {
    return [...this.#servers.values()].filter(({ server }) => server.address === address);
  }
}
