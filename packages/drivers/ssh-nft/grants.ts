import { createHash } from 'node:crypto';
import {
  familyOf,
  type GatewayAddresses,
  type GrantedOpening,
  isUnicastHost,
  type Opening,
  prefixContains,
  type Refusal,
  refuse,
} from '@sluice/model';
import { globalAddress } from './addresses.ts';

/** Ports that ordinary traffic of the home does not leave from. */
const firstPort = 16_384;
const ports = 16_384;

/** What an opening becomes at a gateway with these addresses, or why it may not be: nobody else is there to look. */
export function grantOf(opening: Opening, addresses: GatewayAddresses, translates: boolean): GrantedOpening | Refusal {
  const { id, remote, local } = opening;
  const { address } = local;
  const family = familyOf(remote.address);
  if (address === undefined)
    return refuse('local-address-needed', 'this gateway cannot find the device by itself; name its local address', id);
  const no = badTarget(address, addresses, id) ?? badRemote(remote.address, addresses, id);
  if (no) return no;
  if (familyOf(address) !== family)
    return refuse('address-not-unicast', `${address} is of another IP version than the server ${remote.address}`, id);
  const device = { address, port: local.port };
  if (family === 6 || !translates) return { ...opening, local: device, global: device, globalPort: device.port };
  const global = globalAddress(addresses, 4);
  if (global === undefined) return refuse('gateway-refused', 'the gateway has no global IPv4 address now', id);
  const globalPort = opening.globalPort ?? picked(opening);
  return { ...opening, local: device, global: { address: global, port: globalPort }, globalPort };
}

/** A port of its own for each opening, or an even one and the next for a group of one session. */
function picked({ id, portGroup }: Opening): number {
  const name = portGroup ? `${id.replace(/-\d+$/, '')} ${portGroup.name}` : id;
  const number = createHash('sha256').update(`port ${name}`).digest().readUInt32BE(0) % ports;
  return portGroup ? firstPort + (number & ~1) + portGroup.offset : firstPort + number;
}

function badTarget(address: string, { local, own, global }: GatewayAddresses, id: string): Refusal | undefined {
  const home = local.find((prefix) => prefixContains(prefix, address));
  if (!isUnicastHost(address) || (home && isBroadcast(address, home)))
    return refuse('address-not-unicast', `${address} is no address of a single device`, id);
  if (own.includes(address) || global.includes(address))
    return refuse('target-is-gateway', `${address} is the gateway's own address`, id);
  return home ? undefined : refuse('local-address-outside-home', `${address} is in no network of the home`, id);
}

function badRemote(address: string, { local, own, global }: GatewayAddresses, id: string): Refusal | undefined {
  const inside = local.some((prefix) => prefixContains(prefix, address));
  if (isUnicastHost(address) && !inside && !own.includes(address) && !global.includes(address)) return undefined;
  return refuse('remote-denied', `${address} is no server outside the home`, id);
}

/** A network's own IPv4 name or its broadcast address: all host bits clear or set. */
function isBroadcast(address: string, { length }: { readonly length: number }): boolean {
  if (familyOf(address) === 6 || length > 30) return false;
  const bits = address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const size = 2 ** (32 - length);
  return bits % size === 0 || bits % size === size - 1;
}
