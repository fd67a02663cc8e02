import { addressBytes, type IpAddress, type Prefix } from '@sluice/model';

/**
 * Whether an address stands for all of its network: IPv4 network and directed broadcast address (RFC 919),
 * IPv6 subnet-router anycast (RFC 4291 2.6.1). Prefixes of one or two hosts have none (RFC 3021, RFC 6164).
 */
export function isReservedInPrefix(prefix: Prefix, address: IpAddress): boolean {
  const outer = addressBytes(prefix.address);
  const inner = addressBytes(address);
  const bits = outer.length * 8;
  if (outer.length !== inner.length || prefix.length >= bits - 1) return false;
  let zeros = true;
  let ones = bits === 32;
  for (const [index, byte] of inner.entries()) {
    const hostBits = Math.min(8, Math.max(0, (index + 1) * 8 - prefix.length));
    const hostMask = (1 << hostBits) - 1;
    if (((byte ^ (outer[index] ?? 0)) & ~hostMask & 0xff) !== 0) return false;
    zeros &&= (byte & hostMask) === 0;
    ones &&= (byte & hostMask) === hostMask;
  }
  return zeros || ones;
}
