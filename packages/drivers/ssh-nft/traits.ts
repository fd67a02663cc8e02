import type { Traits } from '@sluice/model';

/** What a Linux gateway with nftables can express; its kernel holds all of it by itself. */
export const sshNftTraits: Traits = {
  families: [4, 6],
  sourceAddress: true,
  sourcePort: true,
  streamTypes: true,
  protocols: ['sctp'],
  lease: { leastSeconds: 1, mostSeconds: 86_400 },
  atomic: true,
  // nft(8) succeeds when the kernel has taken the transaction, and only then.
  ackMeansHeld: true,
  listsWhatItHolds: true,
  revokeStopsRunning: true,
  keepsNarrowingOverRestart: true,
  symmetricSource: true,
  sharedGlobalPort: true,
  portGroups: true,
  // Nobody is there who could look a flow up in the translation table.
  findsDevice: false,
  portAgreement: ['propose', 'pick'],
};

/** The same, where it is a firewall that is not the router (`translates` is `false` in its registration). */
export const sshFirewallTraits: Traits = { ...sshNftTraits, translates: false, portAgreement: ['propose'] };
