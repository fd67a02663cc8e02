import { familyOf, parseIpAddress } from '@sluice/model';
import { openingParameter as extension, mappingProtocol, mappingProtocols } from '@sluice/wire/usp';
import { commonParameters } from './common-parameters.ts';
import { type OpeningParameter, shown, writable } from './parameter.ts';
import { transportWanted } from './wanted.ts';

/** Parameters of TR-181 Device.NAT.PortMapping.{i}., and our own beside them. */
export const mappingParameters: readonly OpeningParameter[] = [
  ...commonParameters,
  writable(
    { name: 'AllInterfaces', type: 'boolean', narrows: true },
    (text) => ({ allInterfaces: text === 'true' }),
    (wanted) => `${wanted.allInterfaces}`,
  ),
  writable(
    { name: 'RemoteHost', type: 'string', range: [0, 45], narrows: true },
    (text) => {
      const remoteAddress = readIpv4(text);
      return remoteAddress === false ? 'a port mapping names an IPv4 address' : { remoteAddress };
    },
    (wanted) => wanted.remoteAddress ?? '',
  ),
  writable(
    { name: 'ExternalPort', type: 'unsignedInt', range: [0, 65535] },
    (text) => ({ globalPort: Number(text) }),
    (wanted) => `${wanted.globalPort ?? 0}`,
  ),
  writable(
    { name: 'ExternalPortEndRange', type: 'unsignedInt', range: [0, 65535], narrows: true },
    (text) => (text === '0' ? {} : 'an opening has one port; make a row for each'),
    () => '0',
  ),
  writable(
    { name: 'InternalPort', type: 'unsignedInt', range: [0, 65535] },
    (text) => ({ localPort: Number(text) }),
    (wanted) => `${wanted.localPort ?? 0}`,
  ),
  writable(
    { name: 'Protocol', type: 'string', values: Object.values(mappingProtocols), narrows: true },
    (text) => ({ transport: mappingProtocol(text) }),
    (wanted) => mappingProtocols[transportWanted(wanted)],
  ),
  writable(
    { name: 'InternalClient', type: 'string', range: [0, 256], narrows: true },
    (text) => {
      const localAddress = readIpv4(text);
      return localAddress === false
        ? 'a port mapping points at an IPv4 address; names are not looked up'
        : { localAddress };
    },
    (wanted) => wanted.localAddress ?? '',
  ),
  writable(
    { name: extension.remotePort, type: 'unsignedInt', range: [0, 65535], narrows: true },
    (text) => ({ remotePort: text === '0' ? undefined : Number(text) }),
    (wanted) => `${wanted.remotePort ?? 0}`,
  ),
  writable(
    { name: extension.portGroup, type: 'string', access: 'writeOnce', range: [0, 32], notifiesChange: false },
    (text) => {
      if (text === '') return { group: undefined };
      return /^[A-Za-z0-9-]+$/.test(text) ? { group: text } : 'a port group is named by 1 to 32 of A-Z a-z 0-9 -';
    },
    (wanted) => wanted.group ?? '',
  ),
  writable(
    { name: extension.portOffset, type: 'unsignedInt', access: 'writeOnce', range: [0, 1], notifiesChange: false },
    (text) => ({ groupOffset: text === '1' ? 1 : 0 }),
    (wanted) => `${wanted.groupOffset}`,
  ),
  shown({ name: extension.externalAddress, type: 'string' }, ({ row }) => row.opening?.global.address ?? ''),
];

function readIpv4(text: string): string | undefined | false {
  if (text === '') return undefined;
  const address = parseIpAddress(text);
  return address !== undefined && familyOf(address) === 4 ? address : false;
}
