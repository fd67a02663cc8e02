import type { Clock, IpAddress, Traits } from '@sluice/model';
import type { GatewayMemory } from './memory.ts';
import type { IgdDriverPorts } from './ports.ts';
import type { Quirks } from './quirks.ts';

/** What is known of the gateway that is spoken to. */
export interface GatewayParts {
  readonly gatewayId: string;
  readonly clock: Clock;
  readonly ports: IgdDriverPorts;
  readonly memory: GatewayMemory;
  readonly quirks: Quirks;
  /** Our own address towards it. */
  readonly from: IpAddress;
  /** The gateway's own addresses, inside and outside. */
  own(): readonly IpAddress[];
  traits(): Traits;
}
