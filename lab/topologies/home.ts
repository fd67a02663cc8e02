import type { Attachment, Host, Network, Route, Topology } from '../topology.ts';

/** The first three numbers of the internet's IPv4 addresses. */
export type Internet = `${number}.${number}.${number}`;

const documentationInternet: Internet = '203.0.113';

/**
 * Addresses that look public to a gateway which refuses to map ports of others: documentation's 203.0.113.0/24 does
 * not. Nothing leaves the lab, so whose they are does not matter.
 */
export const publicLookingInternet: Internet = '203.0.114';

/**
 * Homes on one internet. Every home has a gateway (`gateway-1`), a television (`tv-1`) and a tablet (`tablet-1`) on
 * 192.168.1.0/24, as real homes do, and an IPv6 prefix of its own. The internet holds `portal`, `configuration`,
 * `media` and a `stranger`. Media server and stranger know the way to the first home's private addresses, as a hostile
 * neighbour on the same wire would. IPv4 addresses outside are those of `internet`.
 */
export function homes(count = 1, internet: Internet = documentationInternet): Topology {
  if (!(count >= 1 && count <= 9)) throw new RangeError('this internet has room for 1 to 9 homes');
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const inward = numbers.map(wayTo);
  const neighbour = [...inward, { to: '192.168.1.0/24', via: `${internet}.1` }];
  return {
    hosts: [
      ...numbers.flatMap((home) => homeHosts(home, numbers)),
      { name: 'portal', routes: inward, runs: { part: 'portal', endpointId: 'self::portal-1' } },
      {
        name: 'configuration',
        routes: inward,
        runs: { part: 'configuration-server', endpointId: 'self::configuration-1' },
      },
      { name: 'media', routes: neighbour, runs: { part: 'media-server', endpointId: 'self::media-1' } },
      { name: 'stranger', routes: neighbour },
    ],
    networks: [
      ...numbers.map(homeNetwork),
      {
        name: 'internet',
        members: [
          ...numbers.map((home) => onInternet(internet, `gateway-${home}`, home, 'wan0')),
          onInternet(internet, 'portal', 20),
          onInternet(internet, 'configuration', 21),
          // The second address of each family is for probes: the right server, from an address that no opening names.
          {
            ...onInternet(internet, 'media', 10),
            addresses: [...internetAddresses(internet, 10), ...internetAddresses(internet, 11)],
          },
          onInternet(internet, 'stranger', 66),
        ],
      },
    ],
  };
}

function homeNetworkName(home: number): string {
  return `home-${home}`;
}

function homePrefix6(home: number): string {
  return `2001:db8:${(0x100 + home - 1).toString(16)}::`;
}

/** The route to a home's IPv6 prefix over its gateway. */
function wayTo(home: number): Route {
  return { to: `${homePrefix6(home)}/64`, via: `2001:db8:1::${home}` };
}

function homeHosts(home: number, all: readonly number[]): Host[] {
  const out = [
    { to: 'default', via: '192.168.1.1' },
    { to: 'default', via: `${homePrefix6(home)}1` },
  ];
  const at = `home-${home}`;
  return [
    {
      name: `gateway-${home}`,
      forwards: true,
      routes: all.filter((other) => other !== home).map(wayTo),
      runs: { part: 'gateway', endpointId: `self::gateway-${home}`, home: at },
    },
    { name: `tv-${home}`, routes: out, runs: { part: 'appliance', endpointId: `self::tv-${home}`, home: at } },
    { name: `tablet-${home}`, routes: out },
  ];
}

function homeNetwork(home: number): Network {
  const at = (host: string, last: number, name: string): Attachment => ({
    host,
    interface: name,
    addresses: [`192.168.1.${last}/24`, `${homePrefix6(home)}${last}/64`],
  });
  return {
    name: homeNetworkName(home),
    members: [at(`gateway-${home}`, 1, 'lan0'), at(`tv-${home}`, 2, 'eth0'), at(`tablet-${home}`, 3, 'eth0')],
  };
}

function onInternet(internet: Internet, host: string, last: number, name = 'eth0'): Attachment {
  return { host, interface: name, addresses: internetAddresses(internet, last) };
}

function internetAddresses(internet: Internet, last: number): string[] {
  return [`${internet}.${last}/24`, `2001:db8:1::${last}/64`];
}
