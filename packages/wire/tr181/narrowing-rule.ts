/**
 * What a rule of a firewall's chain (TR-181 Device.Firewall.Chain.{i}.Rule.{i}.) adds to a port mapping, which can name
 * a remote host and none of its ports: it drops what that host sends to the device from any other port.
 */
export interface NarrowingRule {
  readonly transport: 'tcp' | 'udp';
  /** The remote host. */
  readonly source: string;
  /** The port of it that gets through. */
  readonly sourcePort: number;
  /** Where its packets go: rules see addresses after translation. */
  readonly device: string;
  readonly devicePort: number;
}

/** Without these parameters a rule narrows nothing. */
export const narrowingNeeds = [
  'Enable',
  'Target',
  'Protocol',
  'SourceIP',
  'SourcePort',
  'SourcePortExclude',
  'DestIP',
  'DestPort',
] as const;

/** The types of a rule's parameters (XML Schema). */
export const narrowingTypes = {
  Target: 'string',
  Order: 'unsignedInt',
  IPVersion: 'int',
  SourceAllInterfaces: 'boolean',
  DestAllInterfaces: 'boolean',
  Protocol: 'int',
  SourceIP: 'string',
  DestIP: 'string',
  DestPort: 'int',
  SourcePort: 'int',
  SourcePortExclude: 'boolean',
  Enable: 'boolean',
} as const;

/** The parameters of a rule, as far as its table knows them; what is enabled last is enabled last. */
export function narrowingValues(
  { transport, source, sourcePort, device, devicePort }: NarrowingRule,
  knows: (name: string) => boolean,
): Readonly<Record<string, string>> {
  const all: Readonly<Record<keyof typeof narrowingTypes, string>> = {
    Target: 'Drop',
    // Behind a rule that accepts it would drop nothing.
    Order: '1',
    IPVersion: '4',
    SourceAllInterfaces: 'true',
    DestAllInterfaces: 'true',
    // IP protocol numbers (IANA).
    Protocol: transport === 'tcp' ? '6' : '17',
    SourceIP: source,
    DestIP: device,
    DestPort: String(devicePort),
    SourcePort: String(sourcePort),
    SourcePortExclude: 'true',
    Enable: 'true',
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => knows(name)));
}

/** Reads a rule; undefined where it is not in effect, or does anything but narrow. What it does not tell is taken as asked. */
export function narrowingIn(values: ReadonlyMap<string, string>): NarrowingRule | undefined {
  const is = (name: string) => /^(?:1|true)$/i.test(values.get(name) ?? '');
  const port = (name: string) => (/^[1-9]\d{0,4}$/.test(values.get(name) ?? '') ? Number(values.get(name)) : 0);
  const transports: Readonly<Record<string, NarrowingRule['transport']>> = { 6: 'tcp', 17: 'udp' };
  const transport = transports[values.get('Protocol') ?? ''];
  const [source, device] = [values.get('SourceIP') ?? '', values.get('DestIP') ?? ''];
  const [sourcePort, devicePort] = [port('SourcePort'), port('DestPort')];
  const inEffect = is('Enable') && (values.get('Status') || 'Enabled') === 'Enabled';
  const narrows = values.get('Target') === 'Drop' && is('SourcePortExclude') && ['-1', '4'].includes(ipVersion(values));
  if (!inEffect || !narrows || !transport || source === '' || device === '') return undefined;
  if (sourcePort === 0 || sourcePort > 65_535 || devicePort === 0 || devicePort > 65_535) return undefined;
  return { transport, source, sourcePort, device, devicePort };
}

function ipVersion(values: ReadonlyMap<string, string>): string {
  return values.get('IPVersion') ?? '4';
}
