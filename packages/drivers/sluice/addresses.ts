import {
  familyOf,
  type GatewayAddresses,
  type IpAddress,
  type Prefix,
  parseIpAddress,
  parsePrefix,
} from '@sluice/model';
import type { HeldRow } from './held-rows.ts';

/** What tells a gateway's addresses: its interfaces, and which of them translate. */
export const addressPaths: readonly string[] = ['Device.IP.Interface.', 'Device.NAT.InterfaceSetting.'];

/**
 * The gateway's addresses out of a Get of {@link addressPaths}. An interface that NAT.InterfaceSetting names faces
 * outwards; every other one that is no loopback faces the home (TR-181 Device.NAT.InterfaceSetting.{i}.Interface).
 */
export function addressesIn(rows: readonly HeldRow[]): GatewayAddresses {
  const outward = new Set<string>();
  const loopback = new Set<string>();
  for (const { path, values } of rows) {
    if (path.startsWith('Device.NAT.InterfaceSetting.') && values.Interface) outward.add(`${values.Interface}.`);
    if (values.Type === 'Loopback') loopback.add(path);
  }
  const global: IpAddress[] = [];
  const own: IpAddress[] = [];
  const local = new Map<string, Prefix>();
  for (const { path, values } of rows) {
    const owner = /^Device\.IP\.Interface\.\d+\./.exec(path)?.[0];
    if (!owner || owner === path || loopback.has(owner) || values.Enable === 'false') continue;
    const address = parseIpAddress(values.IPAddress ?? '');
    if (address && isScoped(address)) (outward.has(owner) ? global : own).push(address);
    if (outward.has(owner)) continue;
    const prefix = address ? maskedPrefix(address, values.SubnetMask) : parsePrefix(values.Prefix ?? '');
    if (prefix && isScoped(prefix.address)) local.set(`${prefix.address}/${prefix.length}`, prefix);
  }
  return { global, local: [...local.values()], own };
}

/** Link-local addresses say nothing of where a gateway or a home is. */
function isScoped(address: IpAddress): boolean {
  return !/^fe[89ab]/.test(address);
}

function maskedPrefix(address: IpAddress, mask: string | undefined): Prefix | undefined {
  if (familyOf(address) !== 4 || !mask) return undefined;
  const bits = mask.split('.').map((part) => Number(part).toString(2).padStart(8, '0'));
  const length = bits.join('').indexOf('0');
  const bytes = address.split('.').map((part, index) => Number(part) & Number(mask.split('.')[index]));
  return { address: bytes.join('.'), length: length < 0 ? 32 : length };
}
