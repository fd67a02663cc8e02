/** What the parameters of a row are called, in a table of one data model. */
export interface RowNames {
  readonly enabled: string;
  readonly description: string;
  readonly lease: string;
  /** Where the time left is another parameter than the time given. */
  readonly remaining?: string;
  readonly status?: string;
  readonly protocol: string;
  readonly source: string;
  readonly client: string;
  readonly clientPort: string;
  /** The port on the gateway's global address. */
  readonly globalPort?: string;
  readonly globalPortEnd?: string;
  readonly sourcePort?: string;
  /** Which interface it is about, as a reference. */
  readonly interface?: string;
}

/** InternetGatewayDevice. ... .WANIPConnection.{i}.PortMapping.{i}. (TR-098) */
export const tr098Mapping: RowNames = {
  enabled: 'PortMappingEnabled',
  description: 'PortMappingDescription',
  lease: 'PortMappingLeaseDuration',
  protocol: 'PortMappingProtocol',
  source: 'RemoteHost',
  client: 'InternalClient',
  clientPort: 'InternalPort',
  globalPort: 'ExternalPort',
  globalPortEnd: 'ExternalPortEndRange',
};

/** Device.NAT.PortMapping.{i}. (TR-181) */
export const tr181Mapping: RowNames = {
  enabled: 'Enable',
  description: 'Description',
  lease: 'LeaseDuration',
  remaining: 'RemainingLeaseTime',
  status: 'Status',
  protocol: 'Protocol',
  source: 'RemoteHost',
  client: 'InternalClient',
  clientPort: 'InternalPort',
  globalPort: 'ExternalPort',
  globalPortEnd: 'ExternalPortEndRange',
  interface: 'Interface',
};

/** Device.Firewall.Pinhole.{i}. (TR-181 2.16 and later) */
export const tr181Pinhole: RowNames = {
  enabled: 'Enable',
  description: 'Description',
  lease: 'LeaseDuration',
  remaining: 'RemainingLeaseTime',
  status: 'Status',
  protocol: 'Protocol',
  source: 'SourcePrefixes',
  sourcePort: 'SourcePort',
  client: 'DestIP',
  clientPort: 'DestPort',
  interface: 'Interface',
};

/** Without these a row cannot hold an opening as an opening of ours. */
export const neededNames = ['enabled', 'description', 'protocol', 'client', 'clientPort'] as const;
