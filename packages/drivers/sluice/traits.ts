import type { Traits } from '@sluice/model';

/** What a gateway that runs our agent can express. */
export const sluiceTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  sourcePort: true,
  streamTypes: true,
  protocols: ['sctp', 'esp'],
  lease: { leastSeconds: 1, mostSeconds: 86_400 },
  atomic: true,
  ackMeansHeld: true,
  listsWhatItHolds: true,
  revokeStopsRunning: true,
  keepsNarrowingOverRestart: true,
  symmetricSource: true,
  sharedGlobalPort: true,
  portGroups: true,
  findsDevice: true,
  startsMedia: true,
  portAgreement: ['list-free', 'propose', 'pick'],
};

/** The same, where it is a firewall that is not the router: IPv4 passes it as IPv6 does, and no port is its to choose. */
export const firewallTraits: Traits = { ...sluiceTraits, translates: false, portAgreement: ['propose'] };
