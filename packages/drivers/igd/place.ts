import {
  type Family,
  familyOf,
  type IpAddress,
  isPort,
  type Port,
  parseIpAddress,
  prefixContains,
} from '@sluice/model';
import type { IgdHome } from './ports.ts';

/** Where something of a device is. */
export interface Place {
  readonly address: IpAddress;
  readonly port: Port;
  /** With the query. */
  readonly path: string;
  /** The interface that a link-local address is at. */
  readonly interface?: string;
}

/** The place that an http URL names by address; undefined for every other: a name could lead anywhere. */
export function placeOf(url: string, base?: string): Place | undefined {
  if (!URL.canParse(url, base)) return undefined;
  const { protocol, hostname, port, pathname, search, username, password } = new URL(url, base);
  const address = parseIpAddress(hostname.replace(/^\[|\]$/g, ''));
  const number = Number(port || 80);
  if (protocol !== 'http:' || !address || !isPort(number) || username || password) return undefined;
  return { address, port: number, path: `${pathname}${search}` };
}

/** A link that this machine shares with a gateway. */
export interface Link {
  readonly interface: string;
  /** Our address there. */
  readonly from: IpAddress;
  /** Where the default route leads. */
  readonly router: IpAddress;
}

/** The link towards the gateway of a family; undefined where this machine has none. */
export function linkOf({ gateways, addresses, prefixes }: IgdHome, family: Family): Link | undefined {
  const router = gateways.find(({ address }) => familyOf(address) === family);
  if (!router) return undefined;
  const ours = addresses
    .filter((own) => own.interface === router.interface && familyOf(own.address) === family)
    .map(({ address }) => address);
  const near = prefixes.find((prefix) => prefixContains(prefix, router.address));
  const from =
    ours.find((address) => near && prefixContains(near, address)) ??
    ours.find((address) => !isUniqueLocal(address)) ??
    ours[0];
  return from === undefined ? undefined : { interface: router.interface, from, router: router.address };
}

/** Whether an address lies in the home. */
export function isInHome(address: IpAddress, { prefixes }: IgdHome): boolean {
  return prefixes.some((prefix) => prefixContains(prefix, address));
}

/**
 * Whether a device may name `place` as its own: it answered from there, or there is where the default route leads (a
 * pair of routers with a common address), or it answered from a link-local address and the place is in the home. Never
 * beyond the home: whoever answers a search could have us ask anybody.
 */
export function mayName({ address }: Place, answeredFrom: IpAddress, link: Link, home: IgdHome): boolean {
  if (familyOf(address) !== familyOf(link.from)) return false;
  if (address === link.router) return true;
  // Such an address means nothing but on the link that was asked over.
  if (isLinkLocal(address)) return address === answeredFrom;
  if (!isInHome(address, home)) return false;
  return address === answeredFrom || isLinkLocal(answeredFrom);
}

/** Whether an address is of one link alone (RFC 4291 2.5.6). */
export function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address);
}

function isUniqueLocal(address: IpAddress): boolean {
  return /^f[cd]/.test(address);
}
