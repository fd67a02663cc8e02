import { createHash, randomInt } from 'node:crypto';
import type { Driver } from '@sluice/driver';
import { igdDriver } from '@sluice/drivers/igd';
import { natPmpDriver } from '@sluice/drivers/nat-pmp';
import { pcpDriver } from '@sluice/drivers/pcp';
import { askDevice, homeNetwork, joinGroups, searchLink, systemUdp } from '@sluice/io';
import type { Clock } from '@sluice/model';

/** What the drivers that an appliance runs are made of. */
export interface ApplianceDriverPorts {
  readonly clock: Clock;
  /** Known to nobody else, and the same from one run to the next. */
  readonly secret: string;
  /** A gateway told, or showed, that it no longer holds what it held. */
  lost(gatewayId: string, why: string): void;
}

/** The gateway types that an appliance speaks, to the gateway of its own home. Disposing ends what is waited for. */
export interface ApplianceDrivers extends Disposable {
  readonly drivers: readonly Driver[];
  /** Hears what gateways tell everybody in the home, until it is disposed of. What cannot be heard is not. */
  listen(): Promise<AsyncDisposable>;
}

/** Where gateways announce that they lost their mappings (RFC 6887 14.1, RFC 6886 3.2.1), or that they are there (SSDP). */
const announcements = [
  { address: '224.0.0.1', port: 5350 },
  { address: 'ff02::1', port: 5350 },
  { address: '239.255.255.250', port: 1900 },
  { address: 'ff02::c', port: 1900 },
] as const;

/**
 * The table of drivers for gateways that answer only inside the home: the appliance runs them, and the configuration
 * server sends it what to open.
 */
export function applianceDrivers({ clock, secret, lost }: ApplianceDriverPorts): ApplianceDrivers {
  const random = () => randomInt(2 ** 32) / 2 ** 32;
  const shared = { udp: systemUdp, clock, home: homeNetwork, random, lost };
  const natPmp = natPmpDriver(shared);
  const pcp = pcpDriver({ ...shared, secret: secretOf(secret), fallBack: natPmp as Driver });
  const igd = igdDriver({ clock, home: homeNetwork, http: askDevice, search: searchLink, random, lost });
  return {
    drivers: [pcp, natPmp, igd].map((driver) => driver as Driver),
    listen: () =>
      joinGroups(
        announcements,
        (bytes, from) => {
          pcp.heard(bytes, from);
          natPmp.heard(bytes, from);
          igd.heard(bytes, from);
        },
        () => {},
      ),
    [Symbol.dispose]() {
      pcp[Symbol.dispose]();
      natPmp[Symbol.dispose]();
      igd[Symbol.dispose]();
    },
  };
}

/** For the mappings of gateways alone: who learns it learns nothing of what it was made of. */
function secretOf(text: string): Uint8Array {
  return createHash('sha256').update('sluice mappings\n').update(text).digest();
}
