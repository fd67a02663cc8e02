import { familyOf } from '@sluice/model';
import { networkOf } from '../home/ip-addresses.ts';
import { type GatewayInterface, type InterfaceAddress, interfaceTable, type Networks } from '../home/networks.ts';
import type { Snapshot } from './snapshot-model.ts';

/**
 * Device.IP. as the networks are. Address i of an interface is its i-th of that family, and the first stays, empty, when
 * the interface loses it: a new global address is then a changed value, which controllers hear of (TR-369 ValueChange).
 */
export function ipSnapshot(networks: Networks, before: Snapshot): Snapshot {
  const objects = new Map<string, ReadonlyMap<string, string>>();
  objects.set(
    'Device.IP.',
    values({ IPv4Capable: 'true', IPv6Capable: 'true', InterfaceNumberOfEntries: networks.interfaces.length }),
  );
  for (const [index, found] of networks.interfaces.entries()) {
    const path = `${interfaceTable}${index + 1}.`;
    const four = found.addresses.filter(({ address }) => familyOf(address) === 4);
    const six = found.addresses.filter(({ address }) => familyOf(address) === 6);
    const prefixes = [...new Map(six.map((entry) => [prefixText(entry), entry])).values()];
    const slots = (table: string, entries: readonly InterfaceAddress[]): (InterfaceAddress | undefined)[] =>
      entries.length === 0 && before.has(`${path}${table}.1.`) ? [undefined] : [...entries];
    const tables = [
      { table: 'IPv4Address', rows: slots('IPv4Address', four), write: ipv4Address },
      { table: 'IPv6Address', rows: slots('IPv6Address', six), write: ipv6Address(path, prefixes) },
      { table: 'IPv6Prefix', rows: slots('IPv6Prefix', prefixes), write: ipv6Prefix },
    ];
    objects.set(
      path,
      values({
        ...interfaceValues(found),
        ...Object.fromEntries(tables.map(({ table, rows }) => [`${table}NumberOfEntries`, rows.length])),
      }),
    );
    for (const { table, rows, write } of tables)
      for (const [place, entry] of rows.entries())
        objects.set(
          `${path}${table}.${place + 1}.`,
          values({
            Enable: 'true',
            Status: entry ? 'Enabled' : 'Disabled',
            Alias: `${found.name}-${place + 1}`,
            ...write(entry),
          }),
        );
  }
  return objects;
}

type Values = Readonly<Record<string, string | number>>;

function interfaceValues(found: GatewayInterface): Values {
  return {
    Enable: 'true',
    Status: found.up ? 'Up' : 'Down',
    Alias: found.name,
    Name: found.name,
    X_SLUICE_Side: found.side,
    IPv4Enable: 'true',
    IPv6Enable: 'true',
    MaxMTUSize: found.mtu,
    Type: 'Normal',
    Loopback: 'false',
  };
}

function ipv4Address(entry: InterfaceAddress | undefined): Values {
  return {
    IPAddress: entry?.address ?? '',
    SubnetMask: entry ? networkOf('255.255.255.255', entry.prefixLength).address : '',
    AddressingType: entry?.dynamic ? 'DHCP' : 'Static',
  };
}

const ipv6Address =
  (path: string, prefixes: readonly InterfaceAddress[]) =>
  (entry: InterfaceAddress | undefined): Values => {
    const prefix = entry ? prefixes.findIndex((candidate) => prefixText(candidate) === prefixText(entry)) + 1 : 0;
    return {
      IPAddress: entry?.address ?? '',
      IPAddressStatus: entry ? (entry.preferredSeconds === 0 ? 'Deprecated' : 'Preferred') : 'Invalid',
      Origin: entry?.dynamic ? 'AutoConfigured' : 'Static',
      Prefix: prefix > 0 ? `${path}IPv6Prefix.${prefix}` : '',
      Anycast: 'false',
    };
  };

function ipv6Prefix(entry: InterfaceAddress | undefined): Values {
  return {
    Prefix: entry ? prefixText(entry) : '',
    Origin: entry?.dynamic ? 'RouterAdvertisement' : 'Static',
  };
}

function prefixText({ address, prefixLength }: InterfaceAddress): string {
  return `${networkOf(address, prefixLength).address}/${prefixLength}`;
}

function values(entries: Values): ReadonlyMap<string, string> {
  return new Map(Object.entries(entries).map(([name, value]) => [name, `${value}`]));
}
