import type { ObjectType } from '@sluice/usp-agent';
import { counts, readOnly, telling } from './parameter-types.ts';

const access = 'readOnly';
const addressStatus = telling('Status', 'string', { values: ['Disabled', 'Enabled', 'Error_Misconfigured', 'Error'] });

/** TR-181 Device.IP.: the interfaces of the configuration, WAN first; X_SLUICE_Side tells which way each faces. */
export const ipTypes: readonly ObjectType[] = [
  {
    path: 'Device.IP.',
    access,
    uniqueKeys: [],
    parameters: [readOnly('IPv4Capable', 'boolean'), readOnly('IPv6Capable', 'boolean'), ...counts('Interface')],
  },
  {
    path: 'Device.IP.Interface.{i}.',
    access,
    uniqueKeys: [['Alias'], ['Name']],
    parameters: [
      readOnly('Enable', 'boolean'),
      telling('Status', 'string', {
        values: ['Up', 'Down', 'Unknown', 'Dormant', 'NotPresent', 'LowerLayerDown', 'Error'],
      }),
      readOnly('Alias'),
      readOnly('Name'),
      readOnly('X_SLUICE_Side', 'string', { values: ['wan', 'lan'] }),
      readOnly('IPv4Enable', 'boolean'),
      readOnly('IPv6Enable', 'boolean'),
      telling('MaxMTUSize', 'unsignedInt'),
      readOnly('Type', 'string', { values: ['Normal', 'Loopback', 'Tunnel', 'Tunneled'] }),
      readOnly('Loopback', 'boolean'),
      ...counts('IPv4Address', 'IPv6Address', 'IPv6Prefix'),
    ],
  },
  {
    path: 'Device.IP.Interface.{i}.IPv4Address.{i}.',
    access,
    uniqueKeys: [['Alias'], ['IPAddress', 'SubnetMask']],
    parameters: [
      readOnly('Enable', 'boolean'),
      addressStatus,
      readOnly('Alias'),
      telling('IPAddress'),
      telling('SubnetMask'),
      telling('AddressingType', 'string', { values: ['DHCP', 'IKEv2', 'AutoIP', 'IPCP', 'Static', '3GPP-NAS'] }),
    ],
  },
  {
    path: 'Device.IP.Interface.{i}.IPv6Address.{i}.',
    access,
    uniqueKeys: [['Alias'], ['IPAddress', 'Prefix']],
    parameters: [
      readOnly('Enable', 'boolean'),
      addressStatus,
      telling('IPAddressStatus', 'string', {
        values: [
          'Preferred',
          'Deprecated',
          'Invalid',
          'Inaccessible',
          'Unknown',
          'Tentative',
          'Duplicate',
          'Optimistic',
        ],
      }),
      readOnly('Alias'),
      telling('IPAddress'),
      telling('Origin', 'string', { values: ['AutoConfigured', 'DHCPv6', 'IKEv2', 'MAP', 'WellKnown', 'Static'] }),
      telling('Prefix'),
      readOnly('Anycast', 'boolean'),
    ],
  },
  {
    path: 'Device.IP.Interface.{i}.IPv6Prefix.{i}.',
    access,
    uniqueKeys: [['Alias'], ['Prefix']],
    parameters: [
      readOnly('Enable', 'boolean'),
      addressStatus,
      readOnly('Alias'),
      telling('Prefix'),
      telling('Origin', 'string', {
        values: ['AutoConfigured', 'PrefixDelegation', 'RouterAdvertisement', 'WellKnown', 'Static', 'Child'],
      }),
    ],
  },
];
