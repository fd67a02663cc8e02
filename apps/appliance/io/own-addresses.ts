import { networkInterfaces } from 'node:os';
import { type IpAddress, parseIpAddress } from '@sluice/model';

/** Every address that this device has now. */
export function ownAddresses(): ReadonlySet<IpAddress> {
  const all = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  return new Set(all.flatMap((address) => parseIpAddress(address.split('%')[0] ?? '') ?? []));
}
