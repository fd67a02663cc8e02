import type { Driver } from '@sluice/driver';
import type { Clock } from '@sluice/model';
import type { LookAtHome, TellLoss, Udp } from '@sluice/port-control';

/** What the driver is made of. */
export interface PcpDriverPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly home: LookAtHome;
  /** At least 16 octets that stay the same as long as this machine's openings may; nonces are made of it. */
  readonly secret: Uint8Array;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A gateway lost its mappings. */
  readonly lost: TellLoss;
  /** Speaks to gateways that know the older NAT-PMP alone, and tells their weaker traits; left out, nobody does. */
  readonly fallBack?: Driver;
}
