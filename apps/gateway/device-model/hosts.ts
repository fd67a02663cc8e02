import { familyOf } from '@sluice/model';
import type { ObjectType } from '@sluice/usp-agent';
import type { Neighbour } from '../home/neighbours.ts';
import { interfaceTable, type Networks } from '../home/networks.ts';
import { counts, readOnly, telling } from './parameter-types.ts';
import type { Snapshot } from './snapshot-model.ts';

const access = 'readOnly';
const addressType = (family: 4 | 6): ObjectType => ({
  path: `Device.Hosts.Host.{i}.IPv${family}Address.{i}.`,
  access,
  uniqueKeys: [['IPAddress']],
  parameters: [telling('IPAddress')],
});

/** TR-181 Device.Hosts.: the devices of the home, as the gateway's neighbour tables show them. */
export const hostTypes: readonly ObjectType[] = [
  { path: 'Device.Hosts.', access, uniqueKeys: [], parameters: counts('Host') },
  {
    path: 'Device.Hosts.Host.{i}.',
    access,
    uniqueKeys: [['PhysAddress']],
    parameters: [
      readOnly('PhysAddress'),
      telling('IPAddress'),
      readOnly('Layer3Interface'),
      telling('Active', 'boolean'),
      ...counts('IPv4Address', 'IPv6Address'),
    ],
  },
  addressType(4),
  addressType(6),
];

/** Gives every hardware address its instance number, which it keeps while the agent lives. */
export class HostNumbers {
  readonly #numbers = new Map<string, number>();

  of(mac: string): number {
    const number = this.#numbers.get(mac) ?? this.#numbers.size + 1;
    this.#numbers.set(mac, number);
    return number;
  }
}

/** Device.Hosts. as the neighbours are. */
export function hostSnapshot(devices: readonly Neighbour[], networks: Networks, numbers: HostNumbers): Snapshot {
  const objects = new Map<string, ReadonlyMap<string, string>>();
  objects.set('Device.Hosts.', new Map([['HostNumberOfEntries', `${devices.length}`]]));
  for (const device of devices) {
    const path = `Device.Hosts.Host.${numbers.of(device.mac)}.`;
    const four = device.addresses.filter((address) => familyOf(address) === 4);
    const six = device.addresses.filter((address) => familyOf(address) === 6);
    const at = networks.interfaces.findIndex(({ name }) => name === device.interface);
    objects.set(
      path,
      new Map([
        ['PhysAddress', device.mac],
        ['IPAddress', four[0] ?? six[0] ?? ''],
        ['Layer3Interface', at < 0 ? '' : `${interfaceTable}${at + 1}`],
        ['Active', `${device.active}`],
        ['IPv4AddressNumberOfEntries', `${four.length}`],
        ['IPv6AddressNumberOfEntries', `${six.length}`],
      ]),
    );
    for (const [family, addresses] of [
      [4, four],
      [6, six],
    ] as const)
      for (const [index, address] of addresses.entries())
        objects.set(`${path}IPv${family}Address.${index + 1}.`, new Map([['IPAddress', address]]));
  }
  return objects;
}
