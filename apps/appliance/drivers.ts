import type { Driver } from '@sluice/driver';
import type { Clock } from '@sluice/model';

/** What the drivers that an appliance runs are made of: sockets and time, given by its main. */
export interface ApplianceDriverPorts {
  readonly clock: Clock;
}

/**
 * The table of drivers for gateways that answer only inside the home: the appliance runs them, and the configuration
 * server sends it the steps.
 */
export function applianceDrivers(_: ApplianceDriverPorts): readonly Driver[] {
  return [];
}
