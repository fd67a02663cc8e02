import type { Traits } from '@sluice/model';
import { daySeconds, weekSeconds } from '@sluice/wire/igd';
import type { Learned } from './memory.ts';
import type { Quirks } from './quirks.ts';

/** What UPnP IGD can express at its best; what one gateway does of it is told by its session, and in the end by packets. */
export const igdTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  // Port mappings have no argument for it.
  sourcePort: false,
  streamTypes: false,
  lease: { leastSeconds: 1, mostSeconds: weekSeconds },
  // Where a gateway calls a repeated mapping a conflict, it is taken out and put back; the session tells where it does not.
  renewalDisturbs: true,
  atomic: false,
  // Read back, and yet only packets show whether a gateway filters.
  ackMeansHeld: false,
  listsWhatItHolds: true,
  revokeStopsRunning: false,
  keepsNarrowingOverRestart: false,
  symmetricSource: false,
  sharedGlobalPort: false,
  portGroups: false,
  findsDevice: false,
  portAgreement: ['propose', 'pick'],
  ipv6: {
    sourcePort: true,
    lease: { leastSeconds: 1, mostSeconds: daySeconds },
    listsWhatItHolds: false,
    // A pinhole that a restart loses is closed, not wider.
    keepsNarrowingOverRestart: true,
    symmetricSource: true,
  },
};

/** What is known of one gateway beside its type. */
export interface Abilities {
  readonly families: Traits['families'];
  /** Version of its WANIPConnection or WANPPPConnection; undefined where it has none. */
  readonly version: number | undefined;
  readonly quirks: Quirks;
  readonly learned: Learned;
}

/** The traits of one gateway. */
export function traitsOf({ families, version, quirks, learned }: Abilities): Traits {
  const { lease, renewalDisturbs, ...others } = igdTraits;
  const leases = quirks.keepsNoLease || learned.permanentOnly ? {} : { lease };
  const picks = version !== undefined && version >= 2 && !learned.noAnyPort;
  const disturbs = quirks.conflictsWithItself || quirks.mixesUpPinholes || learned.conflictsWithItself;
  return {
    ...others,
    ...(disturbs && renewalDisturbs && { renewalDisturbs }),
    ...(leases as Pick<Traits, 'lease'>),
    families,
    sourceAddress: !learned.anyRemoteOnly,
    portAgreement: picks ? ['propose', 'pick'] : ['propose'],
    ipv6: { ...igdTraits.ipv6, sourceAddress: true },
  };
}
