import type { Clock } from '@sluice/model';
import type { DataModel, ObjectType } from '@sluice/usp-agent';
import { readOnly } from './parameter-types.ts';
import { SnapshotModel } from './snapshot-model.ts';

/** What the box is, for Device.DeviceInfo. */
export interface DeviceIdentity {
  readonly manufacturer: string;
  /** Six hexadecimal digits, upper case. */
  readonly manufacturerOui: string;
  readonly modelName: string;
  readonly productClass: string;
  readonly serialNumber: string;
  readonly hardwareVersion: string;
  readonly softwareVersion: string;
}

const path = 'Device.DeviceInfo.';

/** TR-181 Device.DeviceInfo. */
export const deviceInfoTypes: readonly ObjectType[] = [
  {
    path,
    access: 'readOnly',
    uniqueKeys: [],
    parameters: [
      readOnly('Manufacturer'),
      readOnly('ManufacturerOUI'),
      readOnly('ModelName'),
      readOnly('ProductClass'),
      readOnly('SerialNumber'),
      readOnly('HardwareVersion'),
      readOnly('SoftwareVersion'),
      readOnly('UpTime', 'unsignedInt'),
    ],
  },
];

/** Device.DeviceInfo.; UpTime counts from when the agent was made. */
export function deviceInfoModel(device: DeviceIdentity, clock: Clock): DataModel {
  const begun = clock.now();
  const model = new SnapshotModel(deviceInfoTypes);
  const fixed = new Map([
    ['Manufacturer', device.manufacturer],
    ['ManufacturerOUI', device.manufacturerOui],
    ['ModelName', device.modelName],
    ['ProductClass', device.productClass],
    ['SerialNumber', device.serialNumber],
    ['HardwareVersion', device.hardwareVersion],
    ['SoftwareVersion', device.softwareVersion],
  ]);
  return {
    types: deviceInfoTypes,
    instances: () => [],
    read: (object) =>
      object === path ? new Map([...fixed, ['UpTime', `${Math.floor((clock.now() - begun) / 1000)}`]]) : undefined,
    apply: (changes) => model.apply(changes),
    observe: () => () => {},
  };
}
