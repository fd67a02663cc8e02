import { DataTree, type Template } from './data-tree.ts';

/** Which parts a device has. */
export interface ModelOptions {
  /** `InternetGatewayDevice.` (TR-098), or `Device.` (TR-181). */
  readonly model: 'tr-098' | 'tr-181';
  readonly external: string;
  readonly lan: { readonly address: string; readonly mask: string };
  /** IPv6 on both sides, and pinholes (TR-181). */
  readonly ipv6?: { readonly external: string; readonly lanAddress: string; readonly prefix: string };
  /** TR-098: which connection is in use; others are there and not connected. */
  readonly connection?: { readonly kind: 'IP' | 'PPP'; readonly device: number; readonly index: number };
  /** TR-098: it says which connection is its default. */
  readonly tellsDefault?: boolean;
  /** TR-098: what it says of its address in the home: that it is enabled (default), not, or only what DHCP tells. */
  readonly tellsHome?: 'enabled' | 'disabled' | 'dhcp';
  /** A firewall with a chain that its ACS may fill (TR-181). */
  readonly rules?: boolean;
  /** Parameters that its rows do not have. */
  readonly lacks?: readonly string[];
}

/** A device's tree, and where in it the tables of openings are. */
export interface DeviceModel {
  readonly tree: DataTree;
  readonly root: string;
  readonly mappings: string;
  readonly pinholes?: string;
  /** Rules of the chain that is in effect. */
  readonly rules?: string;
  /** Names that every Inform tells. */
  readonly told: readonly string[];
  /** What counts the mappings. */
  readonly count: string;
}

const mapping098: Template = {
  PortMappingEnabled: ['boolean', '0'],
  PortMappingLeaseDuration: ['unsignedInt', '0'],
  RemoteHost: ['string', ''],
  ExternalPort: ['unsignedInt', '0'],
  ExternalPortEndRange: ['unsignedInt', '0'],
  InternalPort: ['unsignedInt', '0'],
  PortMappingProtocol: ['string', ''],
  InternalClient: ['string', ''],
  PortMappingDescription: ['string', ''],
};

const mapping181: Template = {
  Enable: ['boolean', '0'],
  Status: ['string', 'Disabled'],
  Alias: ['string', ''],
  Interface: ['string', ''],
  AllInterfaces: ['boolean', '0'],
  LeaseDuration: ['unsignedInt', '0'],
  RemoteHost: ['string', ''],
  ExternalPort: ['unsignedInt', '0'],
  ExternalPortEndRange: ['unsignedInt', '0'],
  InternalPort: ['unsignedInt', '0'],
  Protocol: ['string', 'TCP'],
  InternalClient: ['string', ''],
  Description: ['string', ''],
};

const pinhole181: Template = {
  Enable: ['boolean', '0'],
  Status: ['string', 'Disabled'],
  Description: ['string', ''],
  Interface: ['string', ''],
  LeaseDuration: ['unsignedInt', '0'],
  SourcePort: ['int', '-1'],
  SourcePrefixes: ['string', ''],
  DestPort: ['int', '-1'],
  DestIP: ['string', ''],
  Protocol: ['string', ''],
};

const rule181: Template = {
  Enable: ['boolean', '0'],
  Status: ['string', 'Disabled'],
  Order: ['unsignedInt', '0'],
  Alias: ['string', ''],
  Description: ['string', ''],
  Target: ['string', 'Drop'],
  ExpiryDate: ['dateTime', '9999-12-31T23:59:59Z'],
  SourceAllInterfaces: ['boolean', '0'],
  DestAllInterfaces: ['boolean', '0'],
  IPVersion: ['int', '-1'],
  DestIP: ['string', ''],
  SourceIP: ['string', ''],
  Protocol: ['int', '-1'],
  DestPort: ['int', '-1'],
  SourcePort: ['int', '-1'],
  SourcePortExclude: ['boolean', '0'],
};

/** Makes the tree of a device. */
export function deviceModel(options: ModelOptions): DeviceModel {
  return options.model === 'tr-098' ? tr098(options) : tr181(options);
}

function common(tree: DataTree, root: string): string[] {
  const parameters: Record<string, string> = {
    'DeviceInfo.SpecVersion': '1.0',
    'DeviceInfo.HardwareVersion': '1',
    'DeviceInfo.SoftwareVersion': '1.2.3',
    'DeviceInfo.ProvisioningCode': '',
    'ManagementServer.ConnectionRequestURL': '',
    'ManagementServer.UDPConnectionRequestAddress': '',
    'ManagementServer.ParameterKey': '',
  };
  for (const [name, value] of Object.entries(parameters)) tree.put(`${root}${name}`, value);
  return Object.keys(parameters).map((name) => `${root}${name}`);
}

function tr098(options: ModelOptions): DeviceModel {
  const { external, lan, tellsDefault = true, tellsHome = 'enabled', lacks = [] } = options;
  const { kind, device, index } = options.connection ?? { kind: 'IP', device: 1, index: 1 };
  const tree = new DataTree();
  const root = 'InternetGatewayDevice.';
  const told = common(tree, root);
  const wan = `${root}WANDevice.1.`;
  const path = `${wan}WANConnectionDevice.${device}.WAN${kind}Connection.${index}.`;
  const idle = `${wan}WANConnectionDevice.${device === 1 ? 2 : 1}.WANIPConnection.1.`;
  tree.put(`${root}Layer3Forwarding.DefaultConnectionService`, tellsDefault ? path.slice(0, -1) : '');
  tree.put(`${wan}WANCommonInterfaceConfig.PhysicalLinkStatus`, 'Up');
  for (const [connection, status, address] of [
    [idle, 'Disconnected', '0.0.0.0'],
    [path, 'Connected', external],
  ] as const) {
    tree.put(`${connection}Enable`, '1', 'boolean');
    tree.put(`${connection}ConnectionStatus`, status);
    tree.put(`${connection}NATEnabled`, '1', 'boolean');
    tree.put(`${connection}ExternalIPAddress`, address);
    tree.put(`${connection}PortMappingNumberOfEntries`, '0', 'unsignedInt');
    tree.table(`${connection}PortMapping.`, without(mapping098, lacks));
  }
  const home = `${root}LANDevice.1.LANHostConfigManagement.`;
  tree.put(`${home}DHCPServerEnable`, '1', 'boolean');
  tree.put(`${home}IPRouters`, tellsHome === 'dhcp' ? `${lan.address},192.0.2.1` : '');
  tree.put(`${home}SubnetMask`, lan.mask);
  if (tellsHome !== 'dhcp') {
    tree.put(`${home}IPInterface.1.Enable`, tellsHome === 'enabled' ? '1' : '0', 'boolean');
    tree.put(`${home}IPInterface.1.IPInterfaceIPAddress`, lan.address);
    tree.put(`${home}IPInterface.1.IPInterfaceSubnetMask`, lan.mask);
  }
  return {
    tree,
    root,
    mappings: `${path}PortMapping.`,
    told: [...told, `${path}ExternalIPAddress`],
    count: `${path}PortMappingNumberOfEntries`,
  };
}

function tr181(options: ModelOptions): DeviceModel {
  const { external, lan, ipv6, lacks = [] } = options;
  const tree = new DataTree();
  const root = 'Device.';
  const told = common(tree, root);
  const addInterface = (number: number, name: string, address: string, mask: string) => {
    const at = `Device.IP.Interface.${number}.`;
    tree.put(`${at}Enable`, '1', 'boolean');
    tree.put(`${at}Name`, name);
    tree.put(`${at}Type`, number === 3 ? 'Loopback' : 'Normal');
    tree.put(`${at}Loopback`, number === 3 ? '1' : '0', 'boolean');
    tree.put(`${at}IPv4Address.1.Enable`, '1', 'boolean');
    tree.put(`${at}IPv4Address.1.IPAddress`, address);
    tree.put(`${at}IPv4Address.1.SubnetMask`, mask);
  };
  addInterface(1, 'wan0', external, '255.255.255.0');
  addInterface(2, 'lan0', lan.address, lan.mask);
  addInterface(3, 'lo', '127.0.0.1', '255.0.0.0');
  if (ipv6) {
    tree.put('Device.IP.Interface.1.IPv6Address.1.IPAddress', ipv6.external);
    tree.put('Device.IP.Interface.2.IPv6Address.1.IPAddress', ipv6.lanAddress);
    tree.put('Device.IP.Interface.2.IPv6Prefix.1.Prefix', ipv6.prefix);
  }
  tree.put('Device.NAT.InterfaceSetting.1.Enable', '1', 'boolean');
  tree.put('Device.NAT.InterfaceSetting.1.Interface', 'Device.IP.Interface.1');
  tree.put('Device.NAT.PortMappingNumberOfEntries', '0', 'unsignedInt');
  tree.table('Device.NAT.PortMapping.', without(mapping181, lacks));
  if (options.rules) firewall181(tree, without(rule181, lacks));
  if (ipv6) tree.table('Device.Firewall.Pinhole.', without(pinhole181, lacks));
  return {
    tree,
    root,
    mappings: 'Device.NAT.PortMapping.',
    ...(ipv6 && { pinholes: 'Device.Firewall.Pinhole.' }),
    ...(options.rules && { rules: 'Device.Firewall.Chain.2.Rule.' }),
    told,
    count: 'Device.NAT.PortMappingNumberOfEntries',
  };
}

/** Two chains: the device's own, and the one of the level in use, for whoever manages it. */
function firewall181(tree: DataTree, rule: Template): void {
  tree.put('Device.Firewall.Enable', '1', 'boolean');
  tree.put('Device.Firewall.Config', 'Advanced');
  tree.put('Device.Firewall.AdvancedLevel', 'Device.Firewall.Level.1');
  tree.put('Device.Firewall.Level.1.Name', 'Normal');
  tree.put('Device.Firewall.Level.1.Chain', 'Device.Firewall.Chain.2');
  tree.put('Device.Firewall.Level.1.PortMappingEnabled', '1', 'boolean');
  for (const [number, creator] of [
    [1, 'Defaults'],
    [2, 'ACS'],
  ] as const) {
    tree.put(`Device.Firewall.Chain.${number}.Enable`, '1', 'boolean');
    tree.put(`Device.Firewall.Chain.${number}.Name`, creator);
    tree.put(`Device.Firewall.Chain.${number}.Creator`, creator);
    tree.table(`Device.Firewall.Chain.${number}.Rule.`, rule);
  }
}

function without(template: Template, names: readonly string[]): Template {
  return Object.fromEntries(Object.entries(template).filter(([name]) => !names.includes(name)));
}
