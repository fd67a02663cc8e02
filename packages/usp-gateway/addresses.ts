import {
  addressBytes,
  familyOf,
  formatAddress,
  type IpAddress,
  type Prefix,
  parseIpAddress,
  parsePrefix,
} from '@sluice/model';
import type { GatewayNetworks } from './address-book.ts';
import type { HeldRow } from './held-row.ts';

/** What tells a gateway's addresses: its interfaces, and which of them translate. */
export const addressPaths: readonly string[] = ['Device.IP.Interface.', 'Device.NAT.InterfaceSetting.'];

/**
 * A gateway's networks out of a Get of {@link addressPaths}. An interface that NAT.InterfaceSetting names faces
 * outwards; every other one that is no loopback faces the home (TR-181 Device.NAT.InterfaceSetting.{i}.Interface).
 */
export function networksIn(rows: readonly HeldRow[]): GatewayNetworks {
  const outward = new Map<string, IpAddress[]>();
  const unused = new Set<string>();
  const settings: boolean[] = [];
  for (const { path, values } of rows) {
    if (path.startsWith('Device.NAT.InterfaceSetting.') && values.Interface) {
      outward.set(`${values.Interface}.`, []);
      settings.push(values.Enable !== 'false');
    }
    if (values.Type === 'Loopback') unused.add(path);
  }
  const global: IpAddress[] = [];
  const own: IpAddress[] = [];
  const local = new Map<string, Prefix>();
  for (const { path, values } of rows) {
    const owner = /^Device\.IP\.Interface\.\d+\./.exec(path)?.[0];
    if (!owner || owner === path || unused.has(owner) || values.Enable === 'false') continue;
    const address = parseIpAddress(values.IPAddress ?? '');
    const ipv4Outside = outward.get(owner);
    if (address && isScoped(address)) {
      (ipv4Outside ? global : own).push(address);
      if (familyOf(address) === 4) ipv4Outside?.push(address);
    }
    if (ipv4Outside) continue;
    const prefix = address ? maskedPrefix(address, values.SubnetMask) : parsePrefix(values.Prefix ?? '');
    if (prefix && isScoped(prefix.address)) local.set(`${prefix.address}/${prefix.length}`, prefix);
  }
  return {
    addresses: { global, local: [...local.values()], own },
    translates: settings.length === 0 || settings.includes(true),
    outward: [...outward].map(([path, ipv4]) => ({ reference: path.slice(0, -1), ipv4 })),
  };
}

/** Link-local addresses say nothing of where a gateway or a home is. */
function isScoped(address: IpAddress): boolean {
  return !/^fe[89ab]/.test(address);
}

/** The network of an IPv4 address under a mask; undefined where the mask is none: ones, then zeros. */
function maskedPrefix(address: IpAddress, mask: string | undefined): Prefix | undefined {
  const canonical = parseIpAddress(mask ?? '');
  if (familyOf(address) !== 4 || !canonical || familyOf(canonical) !== 4) return undefined;
  const hostBits = ~numberOf(canonical) >>> 0;
  if ((hostBits & (hostBits + 1)) !== 0) return undefined;
  const network = addressBytes(address).map((byte, index) => byte & (addressBytes(canonical)[index] ?? 0));
  return { address: formatAddress(network), length: Math.clz32(hostBits) };
}

function numberOf(ipv4: IpAddress): number {
  return addressBytes(ipv4).reduce((number, byte) => (number << 8) | byte, 0);
}
