import type { IpAddress } from '@sluice/model';
import { type EpochReading, OpeningBook, type PortControlServer, Turns } from '@sluice/port-control';

/** What is remembered of one gateway between conversations; gone with the driver. */
export class GatewayMemory {
  readonly gatewayId: string;
  readonly server: PortControlServer;
  readonly book = new OpeningBook();
  /** RFC 6886 3.1: one request at a time. */
  readonly turns = new Turns();
  epoch: EpochReading | undefined;
  /** Its global address, as it last said. */
  external: IpAddress | undefined;

  constructor(gatewayId: string, server: PortControlServer) {
    this.gatewayId = gatewayId;
    this.server = server;
  }

  /** Whether this is still where the gateway is. */
  isAt({ address, port }: PortControlServer): boolean {
    return this.server.address === address && this.server.port === port;
  }
}
