import type { Identity } from '@sluice/identity';
import { askDevice, dhcpLease, homeNetwork, searchLink, systemClock, systemUdp } from '@sluice/io';
import { agentCertificate } from '../io/agent-certificate.ts';
import type { LookPorts } from './look.ts';

/** This machine's own ways to look; `identity` checks who says that it is an agent of ours. */
export function realLook(identity: Identity | undefined): LookPorts {
  return {
    home: homeNetwork,
    clock: systemClock,
    udp: systemUdp,
    http: askDevice,
    search: searchLink,
    dhcp: (interfaceName) => dhcpLease(interfaceName, systemClock.now()),
    agent: (address, signal) => agentCertificate(address, identity, signal),
  };
}
