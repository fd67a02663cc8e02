import type { IpAddress, Prefix } from '@sluice/model';
import { readBelow, readNames, readValues } from './asking.ts';
import { maskedPrefix } from './mask.ts';
import { tr098Mapping } from './names.ts';
import type { Place } from './place.ts';
import type { DeviceConversation } from './port.ts';
import { ipv4In, isTrue, valuesByName } from './tree.ts';

const root = 'InternetGatewayDevice.';
const connectionPath = /^InternetGatewayDevice\.WANDevice\.\d+\.WANConnectionDevice\.\d+\.WAN(?:IP|PPP)Connection\.\d+/;
/** Connections, and networks of the home, that are looked at; a device that lists more is not believed. */
const most = 16;

interface WanConnection {
  /** With its last dot. */
  readonly path: string;
  readonly external: IpAddress;
}

/** Finds the WAN connection in use and the networks of the home (TR-098). Undefined where no connection is in use. */
export async function discoverTr098(device: DeviceConversation, signal: AbortSignal): Promise<Place | undefined> {
  const connection = await connectionInUse(device, signal);
  if (!connection) return undefined;
  const { local, own } = await homeNetworks(device, signal);
  return {
    mappings: { path: `${connection.path}PortMapping.`, names: tr098Mapping },
    external: connection.external,
    addresses: { global: [connection.external], local, own },
  };
}

/** What the device calls its default connection, else what its Inform names, else the first of all that is connected. */
async function connectionInUse(device: DeviceConversation, signal: AbortSignal): Promise<WanConnection | undefined> {
  const service = `${root}Layer3Forwarding.DefaultConnectionService`;
  const told = valuesByName(await readValues(device, [service], signal)).get(service) ?? '';
  const named = [told, ...[...device.contact.parameters.keys()].filter((name) => name.endsWith('.ExternalIPAddress'))];
  const first = named.flatMap((text) => connectionPath.exec(text)?.[0] ?? []).map((path) => `${path}.`);
  const seen = new Set<string>();
  for (const path of first) {
    const found = seen.has(path) ? undefined : await look(device, path, signal);
    if (found) return found;
    seen.add(path);
  }
  for (const path of await allConnections(device, signal)) {
    const found = seen.has(path) ? undefined : await look(device, path, signal);
    if (found) return found;
  }
  return undefined;
}

/** A connection, where it is connected and has an address. */
async function look(device: DeviceConversation, path: string, signal: AbortSignal): Promise<WanConnection | undefined> {
  const names = ['ConnectionStatus', 'ExternalIPAddress'].map((name) => `${path}${name}`);
  const values = valuesByName(await readValues(device, names, signal));
  const external = ipv4In(values.get(`${path}ExternalIPAddress`));
  const status = values.get(`${path}ConnectionStatus`) ?? 'Connected';
  return external !== undefined && status === 'Connected' ? { path, external } : undefined;
}

async function allConnections(device: DeviceConversation, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  for (const wan of await instances(device, `${root}WANDevice.`, signal))
    for (const connectionDevice of await instances(device, `${wan}WANConnectionDevice.`, signal))
      for (const table of ['WANPPPConnection.', 'WANIPConnection.'])
        found.push(...(await instances(device, `${connectionDevice}${table}`, signal)));
  return found.slice(0, most);
}

async function homeNetworks(
  device: DeviceConversation,
  signal: AbortSignal,
): Promise<{ readonly local: readonly Prefix[]; readonly own: readonly IpAddress[] }> {
  const local: Prefix[] = [];
  const own: IpAddress[] = [];
  for (const lan of await instances(device, `${root}LANDevice.`, signal)) {
    const path = `${lan}LANHostConfigManagement.`;
    const wanted = /\.(?:IPInterfaceIPAddress|IPInterfaceSubnetMask|Enable|IPRouters|SubnetMask)$/;
    const values = valuesByName(await readBelow(device, path, (name) => wanted.test(name), signal));
    for (const [address, mask] of networksIn(values, path)) {
      const prefix = maskedPrefix(address, mask);
      if (!prefix) continue;
      own.push(address);
      local.push(prefix);
    }
  }
  return { local, own };
}

/**
 * The device's addresses in one network, with their masks: those that are enabled, else what its DHCP server tells, else
 * those that are there, as there are devices that call none enabled.
 */
function networksIn(values: ReadonlyMap<string, string>, path: string): (readonly [IpAddress, string | undefined])[] {
  const all = [...values].flatMap(([name, value]) => {
    const at = /^(.*\.IPInterface\.\d+\.)IPInterfaceIPAddress$/.exec(name)?.[1];
    const address = ipv4In(value);
    if (at === undefined || address === undefined) return [];
    const isOn = isTrue(values.get(`${at}Enable`) ?? '1');
    return [{ isOn, network: [address, values.get(`${at}IPInterfaceSubnetMask`)] as const }];
  });
  const on = all.filter(({ isOn }) => isOn);
  if (on.length > 0) return on.map(({ network }) => network);
  const router = ipv4In(values.get(`${path}IPRouters`)?.split(',')[0]?.trim());
  if (router !== undefined) return [[router, values.get(`${path}SubnetMask`)]];
  return all.map(({ network }) => network);
}

async function instances(device: DeviceConversation, table: string, signal: AbortSignal): Promise<readonly string[]> {
  const names = await readNames(device, table, true, signal);
  return names
    .map(({ name }) => name)
    .filter((name) => name.startsWith(table) && /^[1-9]\d{0,9}\.$/.test(name.slice(table.length)))
    .slice(0, most);
}
