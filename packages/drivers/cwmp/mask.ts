import { addressBytes, familyOf, formatAddress, type IpAddress, type Prefix, parseIpAddress } from '@sluice/model';

/** The network of an IPv4 address under a mask; undefined where the mask is none: ones, then zeros. */
export function maskedPrefix(address: IpAddress, mask: string | undefined): Prefix | undefined {
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
