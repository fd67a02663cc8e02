import type { Clock } from '@sluice/model';
import type { LookAtHome, TellLoss, Udp } from '@sluice/port-control';

/** What the driver is made of. */
export interface NatPmpDriverPorts {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly home: LookAtHome;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A gateway lost its mappings. */
  readonly lost: TellLoss;
}
