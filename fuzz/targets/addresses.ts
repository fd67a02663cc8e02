import { isIP } from 'node:net';
import { addressBytes, formatAddress, parseIpAddress, parsePrefix, prefixContains } from '@sluice/model';
import { tokens } from '../mutate/pieces.ts';
import { bytesOf, promise, refused, type Target, taken, textOf } from '../target.ts';

/** Texts of addresses and prefixes, which stand in bodies, parameters and files: `parseIpAddress`, `parsePrefix`. */
export const addresses: Target = {
  name: 'address',
  mostBytes: 1024,
  seeds: bytesOf(
    ...['203.0.113.10', '0.0.0.0', '2001:db8::1', '::', '::1', '::ffff:192.0.2.1', '1:2:3:4:5:6:7:8', '1::8'],
    ...['64:ff9b::192.0.2.33', '192.168.0.0/16', '2001:db8::/32', '::/0', '0.0.0.0/0'],
  ),
  nearSeeds: bytesOf('fe80::1%eth0', '01.2.3.4', '::/129'),
  words: ['::', ':', '.', '/', '255', '256', 'ffff', '00', '::ffff:', '%eth0', '/129'],
  mutators: [tokens],
  feed(input) {
    const text = textOf(input);
    const address = parseIpAddress(text);
    promise(
      (address !== undefined) === (isIP(text) > 0 && !text.includes('%')),
      'an address is what others take for one',
    );
    const prefix = parsePrefix(text);
    if (prefix) {
      const { address: base, length } = prefix;
      const again = parsePrefix(`${base}/${length}`);
      promise(again?.address === base && again.length === length, 'a prefix is written as it was read');
      promise(prefixContains(prefix, base), 'a prefix contains its own address');
    }
    if (address === undefined) return prefix ? taken('prefix') : refused();
    promise(parseIpAddress(address) === address, 'a canonical address is its own canonical form');
    promise(formatAddress(addressBytes(address)) === address, 'an address is written as it was read');
    return taken(address.includes(':') ? `ipv6 ${address.replace(/[0-9a-f]+/g, 'x')}` : 'ipv4');
  },
};
