import type { Traits } from '@sluice/model';

/** What NAT-PMP (RFC 6886) can express: a port of the one who asks, for anyone, for a while. */
export const natPmpTraits: Traits = {
  families: [4],
  sourceAddress: false,
  sourcePort: false,
  streamTypes: false,
  lease: { leastSeconds: 1, mostSeconds: 7_200 },
  // miniupnpd takes the rule out and puts it back.
  renewalDisturbs: true,
  atomic: false,
  ackMeansHeld: false,
  listsWhatItHolds: false,
  revokeStopsRunning: false,
  keepsNarrowingOverRestart: false,
  symmetricSource: false,
  sharedGlobalPort: false,
  portGroups: false,
  findsDevice: false,
  portAgreement: ['propose', 'pick'],
};
