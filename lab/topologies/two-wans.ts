import type { Topology } from '../topology.ts';
import { homes } from './home.ts';
import type { Scene } from './scene.ts';

/** The first three numbers of the second provider's IPv4 addresses, and its IPv6 prefix. */
const second = { 4: '198.51.100', 6: '2001:db8:2::' } as const;

/** A gateway with two providers. */
export const twoWans: Scene = {
  name: 'two-wans',
  sentence: 'A gateway with two connections to the internet: streams come in by the one that the request left by.',
  topology: () => withSecondProvider(homes(1)),
  session: { 4: 'film', 6: 'film' },
};

/** What goes to the portal and the media server leaves by the second provider, everything else by the first. */
function withSecondProvider({ hosts, networks }: Topology): Topology {
  const over = (last: string) => [
    { to: `203.0.113.${last}/32`, via: `${second[4]}.254` },
    { to: `2001:db8:1::${last}/128`, via: `${second[6]}254` },
  ];
  const through = [
    { to: `${second[4]}.0/24`, via: '203.0.113.254' },
    { to: `${second[6]}/64`, via: '2001:db8:1::254' },
  ];
  const outside = ['portal', 'configuration', 'media', 'stranger'];
  return {
    hosts: [
      ...hosts.map((host) => {
        const more =
          host.name === 'gateway-1' ? [...over('20'), ...over('10')] : outside.includes(host.name) ? through : [];
        return { ...host, routes: [...(host.routes ?? []), ...more] };
      }),
      { name: 'provider-2', forwards: true, routes: [] },
    ],
    networks: [
      ...networks.map((network) =>
        network.name === 'internet'
          ? {
              ...network,
              members: [
                ...network.members,
                { host: 'provider-2', interface: 'wan0', addresses: ['203.0.113.254/24', '2001:db8:1::254/64'] },
              ],
            }
          : network,
      ),
      {
        name: 'second',
        members: [
          { host: 'provider-2', interface: 'lan0', addresses: [`${second[4]}.254/24`, `${second[6]}254/64`] },
          { host: 'gateway-1', interface: 'wan1', addresses: [`${second[4]}.1/24`, `${second[6]}1/64`] },
        ],
      },
    ],
  };
}
