import type { Cancel, Clock, Instant } from '@sluice/model';
import { type Caller, MemoryModel, type ModelChange, type ObjectType, type ParameterType } from '@sluice/usp-agent';
import { dateTime } from '@sluice/wire/tr181';
import { errorCode, pinholeTable, portMappingTable } from '@sluice/wire/usp';

/** What an agent of the standard may know or not. */
export interface StandardAgentOptions {
  readonly clock: Clock;
  readonly pinhole?: boolean;
  readonly leases?: boolean;
  readonly alias?: boolean;
  readonly rules?: boolean;
  /** Its clock is so far ahead, in milliseconds. */
  readonly clockAheadMs?: number;
  /** It takes a RemoteHost, and keeps none. */
  readonly ignoresRemoteHost?: boolean;
}

/** A row of an opening table, as the program under the data model would put it into the kernel. */
export interface StandardRow {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

const text = (name: string, access: ParameterType['access'] = 'readWrite'): ParameterType => ({
  name,
  type: 'string',
  access,
});
const number = (name: string, access: ParameterType['access'] = 'readWrite'): ParameterType => ({
  name,
  type: 'int',
  access,
});
const flag = (name: string): ParameterType => ({ name, type: 'boolean', access: 'readWrite' });

/**
 * The data model of a gateway that has TR-181's own tables and nothing of ours: port mappings, and where it is told so
 * pinholes, leases, aliases, and firewall rules. Rows end with their leases.
 */
export class StandardAgent {
  readonly model: MemoryModel;
  readonly #options: StandardAgentOptions;
  readonly #ends = new Map<string, { readonly at: Instant; readonly cancel: Cancel }>();
  #ports = 20_000;

  constructor(options: StandardAgentOptions) {
    this.#options = options;
    this.model = new MemoryModel(typesOf(options), {
      defaults: {
        [`${portMappingTable}{i}.`]: () => this.#mappingDefaults(),
        [`${pinholeTable}{i}.`]: () => ({
          ...common,
          SourcePort: '-1',
          DestPort: '-1',
          Protocol: '-1',
          SourcePrefixes: '',
          DestIP: '',
        }),
        'Device.Firewall.Chain.{i}.Rule.{i}.': () => ({ Enable: 'false', Target: 'Drop', SourcePort: '-1' }),
      },
      refuse: (change, object) => refusal(change, object),
    });
    this.model.observe((event) => {
      if (event.kind === 'created') this.#begin(event.object);
      else if (event.kind === 'deleted') this.#forget(event.object);
      else if (event.kind === 'changed' && event.parameter === 'LeaseDuration') this.#begin(event.object);
    });
    const put = (path: string, cells: Record<string, string>) => this.model.put(path, cells);
    this.model.put('Device.Time.', {
      CurrentLocalTime: () => dateTime(options.clock.now() + (options.clockAheadMs ?? 0)),
    });
    put('Device.NAT.', { PortMappingNumberOfEntries: '0' });
    put('Device.NAT.InterfaceSetting.1.', { Alias: 'wan', Enable: 'true', Interface: 'Device.IP.Interface.2' });
    put('Device.IP.Interface.1.', { Alias: 'lan', Enable: 'true', Type: 'Normal' });
    put('Device.IP.Interface.1.IPv4Address.1.', { IPAddress: '192.168.1.1', SubnetMask: '255.255.255.0' });
    put('Device.IP.Interface.1.IPv6Address.1.', { IPAddress: '2001:db8:100::1' });
    put('Device.IP.Interface.1.IPv6Prefix.1.', { Prefix: '2001:db8:100::/64' });
    put('Device.IP.Interface.2.', { Alias: 'wan', Enable: 'true', Type: 'Normal' });
    put('Device.IP.Interface.2.IPv4Address.1.', { IPAddress: '203.0.113.1', SubnetMask: '255.255.255.0' });
    if (options.rules) {
      put('Device.Firewall.Chain.1.', { Alias: 'defaults', Enable: 'true', Creator: 'Defaults' });
      put('Device.Firewall.Chain.2.', { Alias: 'services', Enable: 'true', Creator: 'ACS' });
    }
  }

  /** What is enabled now. */
  rows(table: string): StandardRow[] {
    const everyone: Caller = { endpointId: '' };
    return this.model.instances(table, everyone).flatMap((instance) => {
      const path = `${table}${instance}.`;
      const values = this.model.read(path, everyone);
      return values?.get('Enable') === 'true' ? [{ path, values }] : [];
    });
  }

  #mappingDefaults() {
    const { ignoresRemoteHost } = this.#options;
    return {
      ...common,
      ExternalPort: String(++this.#ports),
      ExternalPortEndRange: '0',
      InternalPort: '0',
      InternalClient: '',
      Protocol: 'TCP',
      ...(!ignoresRemoteHost && { RemoteHost: '' }),
    };
  }

  #begin(path: string): void {
    if (!this.#options.leases) return;
    const seconds = Number(this.model.read(path, { endpointId: '' })?.get('LeaseDuration') ?? 0);
    this.#forget(path);
    if (!(seconds > 0)) return;
    const { clock } = this.#options;
    const at = clock.now() + seconds * 1_000;
    this.#ends.set(path, { at, cancel: clock.after(seconds * 1_000, () => this.model.drop(path)) });
    this.model.put(path, { RemainingLeaseTime: () => String(Math.ceil((at - clock.now()) / 1_000)) });
  }

  #forget(path: string): void {
    this.#ends.get(path)?.cancel();
    this.#ends.delete(path);
  }
}

const common = { Enable: 'false', Interface: '', Description: '', Origin: 'Controller', LeaseDuration: '0' };

/** Such a gateway forwards to no address of its own. */
function refusal(change: ModelChange, object: ReadonlyMap<string, string> | undefined) {
  if (change.kind === 'delete') return undefined;
  const value = (name: string) => change.parameters.get(name) ?? object?.get(name);
  const target = value('InternalClient') ?? value('DestIP');
  if (target !== '192.168.1.1' && target !== '2001:db8:100::1') return undefined;
  return { code: errorCode.valueConflict, message: `${target} is this gateway` };
}

function typesOf({ pinhole, leases, alias, rules }: StandardAgentOptions): ObjectType[] {
  const named = alias === false ? [] : [text('Alias', 'writeOnce')];
  const key = alias === false ? [] : [['Alias']];
  const lease: ParameterType[] = leases
    ? [number('LeaseDuration'), { ...number('RemainingLeaseTime', 'readOnly'), notifiesChange: false }]
    : [];
  const opening = [
    ...named,
    flag('Enable'),
    text('Interface'),
    text('Description'),
    text('Origin', 'readOnly'),
    ...lease,
  ];
  const single = (path: string, parameters: ParameterType[]): ObjectType => ({
    path,
    access: 'readOnly',
    uniqueKeys: [],
    parameters,
  });
  const table = (
    path: string,
    parameters: ParameterType[],
    keys: readonly (readonly string[])[] = [['Alias']],
  ): ObjectType => ({
    path,
    access: 'readOnly',
    uniqueKeys: keys,
    parameters,
  });
  return [
    single('Device.Time.', [{ name: 'CurrentLocalTime', type: 'dateTime', access: 'readOnly', notifiesChange: false }]),
    single('Device.NAT.', [number('PortMappingNumberOfEntries', 'readOnly')]),
    table('Device.NAT.InterfaceSetting.{i}.', [text('Alias'), flag('Enable'), text('Interface')]),
    table('Device.IP.Interface.{i}.', [text('Alias'), flag('Enable'), text('Type')]),
    table('Device.IP.Interface.{i}.IPv4Address.{i}.', [text('IPAddress'), text('SubnetMask')], []),
    table('Device.IP.Interface.{i}.IPv6Address.{i}.', [text('IPAddress')], []),
    table('Device.IP.Interface.{i}.IPv6Prefix.{i}.', [text('Prefix')], []),
    {
      path: `${portMappingTable}{i}.`,
      access: 'addDelete',
      uniqueKeys: [...key, ['RemoteHost', 'ExternalPort', 'Protocol']],
      parameters: [
        ...opening,
        text('RemoteHost'),
        number('ExternalPort'),
        number('ExternalPortEndRange'),
        number('InternalPort'),
        text('InternalClient'),
        { ...text('Protocol'), values: ['TCP', 'UDP'] },
      ],
    },
    ...(pinhole
      ? [
          {
            path: `${pinholeTable}{i}.`,
            access: 'addDelete' as const,
            uniqueKeys: key,
            parameters: [
              ...opening,
              number('SourcePort'),
              number('DestPort'),
              text('Protocol'),
              text('SourcePrefixes'),
              text('DestIP'),
            ],
          },
        ]
      : []),
    ...(rules
      ? [
          table('Device.Firewall.Chain.{i}.', [text('Alias'), flag('Enable'), text('Creator', 'readOnly')]),
          {
            path: 'Device.Firewall.Chain.{i}.Rule.{i}.',
            access: 'addDelete' as const,
            uniqueKeys: [['Alias']],
            parameters: [
              text('Alias', 'writeOnce'),
              flag('Enable'),
              text('Description'),
              text('Target'),
              ...['IPVersion', 'Protocol', 'DestPort', 'SourcePort'].map((name) => number(name)),
              ...['SourceIP', 'DestIP'].map((name) => text(name)),
              ...['SourceAllInterfaces', 'DestAllInterfaces', 'SourcePortExclude'].map(flag),
              { name: 'ExpiryDate', type: 'dateTime' as const, access: 'readWrite' as const },
            ],
          },
        ]
      : []),
  ];
}
