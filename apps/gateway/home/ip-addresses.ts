import { addressBytes, formatAddress, type IpAddress, type Prefix, parseIpAddress } from '@sluice/model';
import { z } from 'zod';
import type { GatewayInterface, InterfaceAddress, Networks, Side } from './networks.ts';

/** Seconds that `ip` writes for a lifetime without end. */
const forever = 0xffffffff;

const addressEntry = z.object({
  local: z.string(),
  prefixlen: z.number(),
  scope: z.string(),
  dynamic: z.boolean().default(false),
  tentative: z.boolean().default(false),
  dadfailed: z.boolean().default(false),
  deprecated: z.boolean().default(false),
  valid_life_time: z.number().default(forever),
  preferred_life_time: z.number().default(forever),
});

const linkEntry = z.object({
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  mtu: z.number().default(1500),
  addr_info: z.array(z.unknown()).default([]),
});

/** Interfaces of the gateway by role, in the order of its configuration. */
export interface InterfaceNames {
  readonly wan: readonly string[];
  readonly lan: readonly string[];
}

/** Reads what `ip -json address show` writes. Throws an Error where that is no such thing. */
export function readIpAddresses(json: string, names: InterfaceNames): Networks {
  const links = z.array(z.unknown()).parse(JSON.parse(json));
  // `ip` writes empty objects for what a filter hides; those have no name.
  const known = links.flatMap((link) => linkEntry.safeParse(link).data ?? []);
  const found = new Map(known.map((link) => [link.ifname, { link, addresses: readAddresses(link.addr_info) }]));
  const interfaceOf = (name: string, side: Side): GatewayInterface => {
    const entry = found.get(name);
    const addresses = entry?.addresses.filter(({ usable }) => usable).map(({ address }) => address) ?? [];
    return { name, side, up: entry?.link.flags.includes('UP') ?? false, mtu: entry?.link.mtu ?? 0, addresses };
  };
  const interfaces = [
    ...names.wan.map((name) => interfaceOf(name, 'wan')),
    ...names.lan.map((name) => interfaceOf(name, 'lan')),
  ];
  const all = [...found.values()].flatMap(({ addresses }) => addresses);
  return { interfaces, local: localPrefixes(interfaces), own: new Set(all.map(({ address }) => address.address)) };
}

/** The prefix with all bits after its length 0. */
export function networkOf(address: IpAddress, length: number): Prefix {
  const bytes = addressBytes(address).map((byte, index) => {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - kept));
  });
  return { address: formatAddress(bytes), length };
}

function readAddresses(entries: readonly unknown[]): { usable: boolean; address: InterfaceAddress }[] {
  const read = entries.flatMap((entry) => {
    const parsed = addressEntry.safeParse(entry).data;
    const address = parsed && parseIpAddress(parsed.local);
    if (!parsed || !address) return [];
    const lifetime = (seconds: number, name: 'validSeconds' | 'preferredSeconds') =>
      seconds === forever ? {} : { [name]: seconds };
    return {
      usable: parsed.scope === 'global' && !parsed.tentative && !parsed.dadfailed,
      deprecated: parsed.deprecated,
      address: {
        address,
        prefixLength: parsed.prefixlen,
        dynamic: parsed.dynamic,
        ...lifetime(parsed.valid_life_time, 'validSeconds'),
        ...lifetime(parsed.preferred_life_time, 'preferredSeconds'),
      },
    };
  });
  // An address that is on its way out is nobody's first choice.
  return [...read.filter(({ deprecated }) => !deprecated), ...read.filter(({ deprecated }) => deprecated)];
}

function localPrefixes(interfaces: readonly GatewayInterface[]): Prefix[] {
  const prefixes = interfaces
    .filter(({ side }) => side === 'lan')
    .flatMap(({ addresses }) => addresses.map(({ address, prefixLength }) => networkOf(address, prefixLength)));
  const byText = new Map(prefixes.map((prefix) => [`${prefix.address}/${prefix.length}`, prefix]));
  return [...byText.values()];
}
