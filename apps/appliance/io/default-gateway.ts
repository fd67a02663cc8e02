import { defaultRoutes } from '@sluice/io';
import { familyOf, type IpAddress, isUnicastHost } from '@sluice/model';

/** This device's default gateway: the IPv4 one, else an IPv6 one that is no link-local address; undefined: none is known. */
export function defaultGateway(): IpAddress | undefined {
  return defaultRoutes().find(({ address }) => familyOf(address) === 4 || isUnicastHost(address))?.address;
}
