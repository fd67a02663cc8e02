import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import {
  type Family,
  familyOf,
  formatAddress,
  type IpAddress,
  isUnicastHost,
  type Prefix,
  parsePrefix,
} from '@sluice/model';

/** A route to everywhere. */
export interface DefaultRoute {
  readonly address: IpAddress;
  /** The interface that leads there. */
  readonly interface: string;
  /** The lowest is taken. */
  readonly metric: number;
}

/** This machine's default routes, IPv4 first, the best first of each family. Empty where /proc cannot be read. */
export function defaultRoutes(): readonly DefaultRoute[] {
  return [...routesIn4(read('/proc/net/route')), ...routesIn6(read('/proc/net/ipv6_route'))];
}

/** The network that this machine is in, as it matters to its gateway: see `HomeNetwork` of @sluice/port-control. */
export function homeNetwork(): {
  readonly gateways: readonly DefaultRoute[];
  readonly prefixes: readonly Prefix[];
  /** This machine's own addresses at those interfaces, without link-local ones. */
  readonly addresses: readonly { readonly address: IpAddress; readonly interface: string }[];
} {
  const routes = defaultRoutes();
  const best = (family: Family) => routes.find(({ address }) => familyOf(address) === family);
  const gateways = [best(4), best(6)].filter((route) => route !== undefined);
  const names = new Set(gateways.map((route) => route.interface));
  const towards = Object.entries(networkInterfaces()).filter(([name]) => names.has(name));
  const prefixes = towards.flatMap(([, list = []]) => list.flatMap(({ cidr }) => networkOf(cidr) ?? []));
  const addresses = towards.flatMap(([name, list = []]) =>
    list.flatMap(({ cidr, address }) => (networkOf(cidr) ? [{ address, interface: name }] : [])),
  );
  return { gateways, prefixes, addresses };
}

/** Reads Linux's /proc/net/route: addresses are the hexadecimal of their octets, the last one first. */
export function routesIn4(text: string): readonly DefaultRoute[] {
  const routes = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name = '', destination, gateway = '', , , , metric, mask] = line.trim().split(/\s+/);
      const isDefault = destination === '00000000' && mask === '00000000' && /^(?!0{8})[0-9A-F]{8}$/i.test(gateway);
      if (!isDefault) return [];
      const address = formatAddress(Buffer.from(gateway, 'hex').reverse());
      return [{ address, interface: name, metric: Number(metric) }];
    });
  return routes.toSorted((a, b) => a.metric - b.metric);
}

/** Reads Linux's /proc/net/ipv6_route. */
export function routesIn6(text: string): readonly DefaultRoute[] {
  const routes = text.split('\n').flatMap((line) => {
    const [destination = '', length, , , gateway = '', metric = '', , , , name = ''] = line.trim().split(/\s+/);
    const isDefault = /^0{32}$/.test(destination) && length === '00' && /^(?!0{32})[0-9a-f]{32}$/.test(gateway);
    if (!isDefault) return [];
    const address = formatAddress(Buffer.from(gateway, 'hex'));
    return [{ address, interface: name, metric: Number.parseInt(metric, 16) }];
  });
  return routes.toSorted((a, b) => a.metric - b.metric);
}

function networkOf(cidr: string | null): Prefix | undefined {
  const prefix = cidr === null ? undefined : parsePrefix(cidr);
  return prefix && isUnicastHost(prefix.address) ? prefix : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
