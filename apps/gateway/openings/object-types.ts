import type { ObjectType } from '@sluice/usp-agent';
import { pinholeTable, portMappingTable } from '@sluice/wire/usp';
import { mappingParameters } from './mapping-parameters.ts';
import type { OpeningParameter } from './parameter.ts';
import { pinholeParameters } from './pinhole-parameters.ts';
import type { OpeningTable } from './wanted.ts';

/** Name and arguments of the event that tells what had passed through an opening when it ended. */
export const endedEvent = { name: 'X_SLUICE_Ended!', args: ['Alias', 'Reason', 'Packets', 'Bytes'] } as const;

/** Every parameter of a table's rows by name. */
export const parametersOf: Readonly<Record<OpeningTable, ReadonlyMap<string, OpeningParameter>>> = {
  [portMappingTable]: new Map(mappingParameters.map((parameter) => [parameter.type.name, parameter])),
  [pinholeTable]: new Map(pinholeParameters.map((parameter) => [parameter.type.name, parameter])),
};

/** TR-181 Device.NAT.PortMapping.{i}. and Device.Firewall.Pinhole.{i}. as this gateway has them. */
export const openingTypes: readonly ObjectType[] = [
  objectType(portMappingTable, [['Alias'], ['RemoteHost', 'ExternalPort', 'Protocol']], mappingParameters),
  objectType(pinholeTable, [['Alias']], pinholeParameters),
];

function objectType(
  table: OpeningTable,
  uniqueKeys: ObjectType['uniqueKeys'],
  parameters: readonly OpeningParameter[],
): ObjectType {
  return {
    path: `${table}{i}.`,
    access: 'addDelete',
    uniqueKeys,
    parameters: parameters.map(({ type }) => type),
    events: [endedEvent],
  };
}
