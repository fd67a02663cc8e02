import type { Attachment, Host, Network, Route } from '../topology.ts';

/** The first three numbers of the internet's IPv4 addresses. */
export type Internet = `${number}.${number}.${number}`;

export const documentationInternet: Internet = '203.0.113';

/**
 * Addresses that look public to a gateway which refuses to map ports of others: documentation's 203.0.113.0/24 does
 * not. Nothing leaves the lab, so whose they are does not matter.
 */
export const publicLookingInternet: Internet = '203.0.114';

/** The IPv6 prefix of a home, a /64 of the /56 that its provider gave it: `2001:db8:100::` is the first one's. */
export function homePrefix6(home: number): string {
  return `2001:db8:${(0x100 + home - 1).toString(16)}::`;
}

/** The route to a home's IPv6 prefix over its gateway on the internet. */
export function wayTo(home: number): Route {
  return { to: `${homePrefix6(home)}/56`, via: `2001:db8:1::${home}` };
}

/** The television and the tablet of a home; the gateway that they are behind is `.1` in their network. */
export function devices(home: number): Host[] {
  const routes = [
    { to: 'default', via: '192.168.1.1' },
    { to: 'default', via: `${homePrefix6(home)}1` },
  ];
  return [
    { name: `tv-${home}`, routes, runs: { part: 'appliance', endpointId: `self::tv-${home}`, home: `home-${home}` } },
    { name: `tablet-${home}`, routes },
  ];
}

/** The network of a home's devices and the gateway that they are behind. */
export function homeNetwork(home: number, gateway = `gateway-${home}`): Network {
  const at = (host: string, last: number, name: string): Attachment => ({
    host,
    interface: name,
    addresses: [`192.168.1.${last}/24`, `${homePrefix6(home)}${last}/64`],
  });
  return {
    name: `home-${home}`,
    members: [at(gateway, 1, 'lan0'), at(`tv-${home}`, 2, 'eth0'), at(`tablet-${home}`, 3, 'eth0')],
  };
}

/**
 * What there is on the internet: `portal`, `configuration`, `media` and a `stranger`. All know `inward`, the ways to the
 * homes' public addresses. Media server and stranger also know the way to addresses that nobody outside ought to
 * reach, `hidden`, as a hostile neighbour on the same wire would.
 */
export function internetHosts(inward: readonly Route[], hidden: readonly Route[]): Host[] {
  return [
    { name: 'portal', routes: inward, runs: { part: 'portal', endpointId: 'self::portal-1' } },
    {
      name: 'configuration',
      routes: inward,
      runs: { part: 'configuration-server', endpointId: 'self::configuration-1' },
    },
    { name: 'media', routes: [...inward, ...hidden], runs: { part: 'media-server', endpointId: 'self::media-1' } },
    { name: 'stranger', routes: [...inward, ...hidden] },
  ];
}

/** The internet with {@link internetHosts} and whatever else is on it. */
export function internetNetwork(others: readonly Attachment[], internet = documentationInternet): Network {
  return {
    name: 'internet',
    members: [
      ...others,
      onInternet('portal', 20, 'eth0', internet),
      onInternet('configuration', 21, 'eth0', internet),
      // The second address of each family is for probes: the right server, from an address that no opening names.
      {
        ...onInternet('media', 10, 'eth0', internet),
        addresses: [...internetAddresses(internet, 10), ...internetAddresses(internet, 11)],
      },
      onInternet('stranger', 66, 'eth0', internet),
    ],
  };
}

/** A host's place on the internet; the last number is the same in both families. */
export function onInternet(host: string, last: number, name: string, internet = documentationInternet): Attachment {
  return { host, interface: name, addresses: internetAddresses(internet, last) };
}

function internetAddresses(internet: Internet, last: number): string[] {
  return [`${internet}.${last}/24`, `2001:db8:1::${last}/64`];
}
