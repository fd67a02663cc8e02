import type { CommandResult, DataModel, ObjectType } from '@sluice/usp-agent';
import {
  errorCode,
  freePortsCommand,
  mappingProtocol,
  mappingProtocols,
  pinholeTable,
  portMappingTable,
} from '@sluice/wire/usp';
import { interfaceTable, type Networks } from '../home/networks.ts';
import type { Policy } from '../policy/policy.ts';
import type { PortsByTransport } from '../ports/assign.ts';
import { counts, readOnly } from './parameter-types.ts';
import type { SnapshotModel } from './snapshot-model.ts';

const access = 'readOnly';
const freePortsName = freePortsCommand.slice('Device.NAT.'.length);

/** Most free ports told at once. */
const mostFreePorts = 1024;

/** TR-181 Device.NAT. and Device.Firewall., all but the openings themselves. */
export const natTypes: readonly ObjectType[] = [
  {
    path: 'Device.NAT.',
    access,
    uniqueKeys: [],
    parameters: [
      ...counts('InterfaceSetting'),
      readOnly('PortMappingNumberOfEntries', 'unsignedInt'),
      readOnly('MaxNumberOfPortMappings', 'unsignedInt'),
    ],
    commands: [
      {
        name: freePortsName,
        input: [{ name: 'Protocol' }, { name: 'Count' }, { name: 'Paired' }],
        output: ['Ports'],
      },
    ],
  },
  {
    path: 'Device.Firewall.',
    access,
    uniqueKeys: [],
    parameters: [
      readOnly('Enable', 'boolean'),
      readOnly('Config', 'string', { values: ['High', 'Low', 'Off', 'Advanced', 'Policy'] }),
      readOnly('Type', 'string', { values: ['Stateless', 'Stateful'] }),
      readOnly('PinholeNumberOfEntries', 'unsignedInt'),
    ],
  },
];

/** TR-181 Device.NAT.InterfaceSetting.{i}.: the interfaces that face outwards. */
export const interfaceSettingTypes: readonly ObjectType[] = [
  {
    path: 'Device.NAT.InterfaceSetting.{i}.',
    access,
    uniqueKeys: [['Alias'], ['Interface']],
    parameters: [readOnly('Enable', 'boolean'), readOnly('Status'), readOnly('Alias'), readOnly('Interface')],
  },
];

/** Device.NAT.InterfaceSetting as the networks are; not enabled where nothing is translated. */
export function updateInterfaceSettings(model: SnapshotModel, { interfaces }: Networks, translates: boolean): void {
  const outward = interfaces.flatMap(({ name, side }, index) => (side === 'wan' ? [{ name, number: index + 1 }] : []));
  model.update(
    new Map(
      outward.map(({ name, number }, index) => [
        `Device.NAT.InterfaceSetting.${index + 1}.`,
        new Map([
          ['Enable', `${translates}`],
          ['Status', translates ? 'Enabled' : 'Disabled'],
          ['Alias', name],
          ['Interface', `${interfaceTable}${number}`],
        ]),
      ]),
    ),
  );
}

/** Device.NAT. and Device.Firewall. themselves; `openings` is where the rows are that they count. */
export function natModel(openings: DataModel, settings: DataModel, ports: PortsByTransport, policy: Policy): DataModel {
  return {
    types: natTypes,
    instances: () => [],
    read(object, caller) {
      const count = (model: DataModel, table: string) => `${model.instances(table, caller).length}`;
      if (object === 'Device.NAT.')
        return new Map([
          ['InterfaceSettingNumberOfEntries', count(settings, 'Device.NAT.InterfaceSetting.')],
          ['PortMappingNumberOfEntries', count(openings, portMappingTable)],
          ['MaxNumberOfPortMappings', `${policy.openings}`],
        ]);
      if (object === 'Device.Firewall.')
        return new Map([
          ['Enable', 'true'],
          ['Config', 'High'],
          ['Type', 'Stateful'],
          ['PinholeNumberOfEntries', count(openings, pinholeTable)],
        ]);
      return undefined;
    },
    apply: (changes) => settings.apply(changes, { endpointId: '' }),
    operate: (object, command, input) =>
      object === 'Device.NAT.' && command === freePortsName
        ? freePorts(input, ports)
        : { ok: false, code: errorCode.commandFailure, message: `no command ${object}${command}` },
    observe: () => () => {},
  };
}

function freePorts(input: ReadonlyMap<string, string>, ports: PortsByTransport): CommandResult {
  const invalid = (message: string) => ({ ok: false, code: errorCode.invalidCommandArguments, message }) as const;
  const transport = mappingProtocol((input.get('Protocol') || 'UDP').toUpperCase());
  const count = Number(input.get('Count') || '1');
  const paired = input.get('Paired') || 'false';
  if (!transport || transport === 'esp') return invalid(`Protocol is TCP, UDP or ${mappingProtocols.sctp}`);
  if (!Number.isInteger(count) || count < 1 || count > mostFreePorts) return invalid(`Count is 1 to ${mostFreePorts}`);
  if (!['true', 'false', '1', '0'].includes(paired)) return invalid('Paired is true or false');
  const free = ports[transport].free(count, paired === 'true' || paired === '1');
  return { ok: true, output: new Map([['Ports', free.join(',')]]) };
}
