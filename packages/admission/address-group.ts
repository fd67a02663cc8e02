import { addressBytes, parseIpAddress } from '@sluice/model';

/**
 * Whom an address stands for: itself, or for IPv6 its /64, which is one network of one customer (RFC 6177). What is no
 * address is one group, too.
 */
export function addressGroup(text: string | undefined): string {
  const address = parseIpAddress(text ?? '');
  if (address === undefined) return '';
  const bytes = addressBytes(address);
  return bytes.length === 4 ? address : Buffer.from(bytes.subarray(0, 8)).toString('hex');
}
