import {
  type Caller,
  type ChangeResult,
  type DataModel,
  MemoryModel,
  type ModelChange,
  type ObjectType,
} from '../index.ts';

const alias = { name: 'Alias', type: 'string', access: 'writeOnce', range: [1, 64] } as const;
const enable = { name: 'Enable', type: 'boolean', access: 'readWrite' } as const;

/** A cut of TR-181 NAT and Firewall, with what tests of the messages need. */
export const openingTypes: readonly ObjectType[] = [
  {
    path: 'Device.NAT.',
    access: 'readOnly',
    uniqueKeys: [],
    parameters: [{ name: 'PortMappingNumberOfEntries', type: 'unsignedInt', access: 'readOnly' }],
    commands: [
      {
        name: 'X_SLUICE_FreePorts()',
        input: [{ name: 'Protocol', required: true }, { name: 'Count' }],
        output: ['Ports'],
      },
      { name: 'X_SLUICE_Scan()', async: true, input: [], output: ['Found'] },
    ],
  },
  {
    path: 'Device.NAT.PortMapping.{i}.',
    access: 'addDelete',
    uniqueKeys: [['Alias'], ['RemoteHost', 'ExternalPort', 'Protocol']],
    parameters: [
      alias,
      enable,
      { name: 'Status', type: 'string', access: 'readOnly', values: ['Disabled', 'Enabled'], notifiesChange: true },
      { name: 'Interface', type: 'string', access: 'readWrite', reference: 'strong' },
      { name: 'RemoteHost', type: 'string', access: 'readWrite' },
      { name: 'ExternalPort', type: 'unsignedInt', access: 'readWrite', range: [0, 65535] },
      { name: 'InternalPort', type: 'unsignedInt', access: 'readWrite', range: [0, 65535] },
      { name: 'Protocol', type: 'string', access: 'readWrite', values: ['TCP', 'UDP'] },
      { name: 'LeaseDuration', type: 'unsignedInt', access: 'readWrite' },
      { name: 'RemotePort', type: 'unsignedInt', access: 'readWrite', range: [0, 65535], narrows: true },
      { name: 'Description', type: 'string', access: 'readWrite', range: [0, 256] },
      { name: 'Tags', type: 'string', access: 'readWrite', list: true },
    ],
    commands: [{ name: 'Check()', input: [], output: ['Verdict'] }],
    events: [{ name: 'Used!', args: ['By'] }],
  },
  {
    path: 'Device.NAT.PortMapping.{i}.Stats.',
    access: 'readOnly',
    uniqueKeys: [],
    parameters: [
      { name: 'Packets', type: 'unsignedLong', access: 'readOnly' },
      { name: 'Note', type: 'string', access: 'readWrite' },
    ],
  },
  {
    path: 'Device.Firewall.Pinhole.{i}.',
    access: 'addDelete',
    uniqueKeys: [['Alias']],
    parameters: [alias, enable, { name: 'DestPort', type: 'int', access: 'readWrite', range: [-1, 65535] }],
  },
];

/** Interfaces: read-only, with a table below a table. */
export const interfaceTypes: readonly ObjectType[] = [
  {
    path: 'Device.IP.Interface.{i}.',
    access: 'readOnly',
    uniqueKeys: [['Alias'], ['Name']],
    parameters: [alias, { name: 'Name', type: 'string', access: 'readOnly' }, enable],
  },
  {
    path: 'Device.IP.Interface.{i}.IPv4Address.{i}.',
    access: 'addDelete',
    uniqueKeys: [['Alias']],
    parameters: [alias, { name: 'IPAddress', type: 'string', access: 'readWrite' }],
  },
];

/** The openings of a home, and how often the agent has called `apply`. Ports above 60000 are refused with 7803. */
export class Openings extends MemoryModel {
  applied: (readonly ModelChange[])[] = [];

  constructor() {
    super(openingTypes, {
      owned: ['Device.NAT.PortMapping.', 'Device.Firewall.Pinhole.'],
      defaults: {
        'Device.NAT.PortMapping.{i}.': () => ({
          Enable: 'false',
          Status: 'Disabled',
          Interface: '',
          RemoteHost: '',
          ExternalPort: '16384',
          InternalPort: '0',
          Protocol: 'UDP',
          LeaseDuration: '0',
          Description: '',
          Tags: '',
        }),
        'Device.NAT.PortMapping.{i}.Stats.': () => ({ Packets: '0', Note: '' }),
        'Device.Firewall.Pinhole.{i}.': () => ({ Enable: 'false', DestPort: '-1' }),
      },
      refuse: (change) =>
        change.kind !== 'delete' && Number(change.parameters.get('ExternalPort')) > 60000
          ? { code: 7803, message: 'that port is never opened', parameter: 'ExternalPort' }
          : change.kind !== 'delete' && change.parameters.get('Description') === 'no'
            ? { code: 7809, message: 'paused' }
            : change.kind !== 'delete' && Number(change.parameters.get('LeaseDuration')) > 86400
              ? { code: 7806, message: 'at most a day', parameter: 'LeaseDuration' }
              : undefined,
      operate: (object, command, input) =>
        command === 'Check()'
          ? { ok: true, output: new Map([['Verdict', object]]) }
          : input.get('Protocol') === 'TCP'
            ? { ok: true, output: new Map([['Ports', '16384']]) }
            : { ok: false, code: 7804, message: 'no port left' },
      perform: (_object, _command, _input, _caller, signal) =>
        new Promise((resolve, reject) => {
          this.finish = (found) => resolve({ ok: true, output: new Map([['Found', found]]) });
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    });
    this.put('Device.NAT.', {
      PortMappingNumberOfEntries: (caller) => String(this.instances('Device.NAT.PortMapping.', caller).length),
    });
  }

  finish: (found: string) => void = () => {};

  override apply(changes: readonly ModelChange[], caller: Caller): ChangeResult {
    this.applied.push(changes);
    return super.apply(changes, caller);
  }
}

/** Openings as a kernel gives them: cannot say beforehand whether it will agree. */
export function unsure(model: Openings): DataModel {
  return {
    types: model.types,
    instances: (table, caller) => model.instances(table, caller),
    read: (object, caller) => model.read(object, caller),
    find: (table, key, caller) => model.find(table, key, caller),
    apply: (changes, caller) => model.apply(changes, caller),
    observe: (listener) => model.observe(listener),
  };
}

/** Two interfaces, the first with two addresses. */
export function interfaces(): MemoryModel {
  const model = new MemoryModel(interfaceTypes);
  model.put('Device.IP.Interface.1.', { Alias: 'wan', Name: 'eth0', Enable: 'true' });
  model.put('Device.IP.Interface.2.', { Alias: 'lan', Name: 'eth1', Enable: 'false' });
  model.put('Device.IP.Interface.1.IPv4Address.1.', { Alias: 'first', IPAddress: '203.0.113.1' });
  model.put('Device.IP.Interface.1.IPv4Address.2.', { Alias: 'second', IPAddress: '203.0.113.2' });
  return model;
}
