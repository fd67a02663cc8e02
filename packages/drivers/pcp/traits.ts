import type { Traits } from '@sluice/model';

/** What PCP (RFC 6887) can express. What one gateway does of it is told by its session, and in the end by packets. */
export const pcpTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  sourcePort: true,
  streamTypes: false,
  lease: { leastSeconds: 120, mostSeconds: 86_400 },
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
  ipv6: { symmetricSource: true },
};
