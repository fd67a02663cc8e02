import { familyOf } from '@sluice/model';
import type { Topology } from '../topology.ts';
import { homes } from './home.ts';
import type { Scene } from './scene.ts';

/** A home and an internet without IPv4. */
export const ipv6Only: Scene = {
  name: 'ipv6-only',
  sentence: 'A home and an internet that have IPv6 alone: the gateway translates nothing, it only filters.',
  topology: () => withoutIPv4(homes(1)),
  session: { 6: 'film' },
};

function withoutIPv4({ hosts, networks }: Topology): Topology {
  const isIPv6 = (text: string): boolean => familyOf(text) === 6;
  return {
    hosts: hosts.map((host) => ({ ...host, routes: (host.routes ?? []).filter(({ via }) => isIPv6(via)) })),
    networks: networks.map((network) => ({
      ...network,
      members: network.members.map((member) => ({ ...member, addresses: member.addresses.filter(isIPv6) })),
    })),
  };
}
