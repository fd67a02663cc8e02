import { readFile } from 'node:fs/promises';
import { formatAddress, type IpAddress } from '@sluice/model';

/** This device's default gateway: the IPv4 one, else an IPv6 one that is no link-local address; undefined: none is known. */
export async function defaultGateway(): Promise<IpAddress | undefined> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  return gatewayInRoutes4(await read('/proc/net/route')) ?? gatewayInRoutes6(await read('/proc/net/ipv6_route'));
}

/** Reads Linux's /proc/net/route: addresses are the hexadecimal of their octets, the last one first. */
export function gatewayInRoutes4(text: string): IpAddress | undefined {
  const routes = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination, gateway = '', , , , metric, mask] = line.trim().split(/\s+/);
      const isDefault = destination === '00000000' && mask === '00000000' && /^(?!0{8})[0-9A-F]{8}$/i.test(gateway);
      return isDefault ? [{ gateway, metric: Number(metric) }] : [];
    });
  const found = routes.toSorted((a, b) => a.metric - b.metric)[0];
  return found && formatAddress(Buffer.from(found.gateway, 'hex').reverse());
}

/** Reads Linux's /proc/net/ipv6_route. */
export function gatewayInRoutes6(text: string): IpAddress | undefined {
  const routes = text.split('\n').flatMap((line) => {
    const [destination, length, , , gateway = '', metric = ''] = line.trim().split(/\s+/);
    const isDefault =
      /^0{32}$/.test(destination ?? '') && length === '00' && /^(?!0{32}|fe80)[0-9a-f]{32}$/.test(gateway);
    return isDefault ? [{ gateway, metric: Number.parseInt(metric, 16) }] : [];
  });
  const found = routes.toSorted((a, b) => a.metric - b.metric)[0];
  return found && formatAddress(Buffer.from(found.gateway, 'hex'));
}
