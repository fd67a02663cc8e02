import { familyOf, type IpAddress, type Prefix, parseIpAddress, parsePrefix } from '@sluice/model';
import { chainNames, chainToFill } from '@sluice/wire/tr181';
import { readBelow, readNames } from './asking.ts';
import { maskedPrefix } from './mask.ts';
import { tr181Mapping, tr181Pinhole } from './names.ts';
import type { Place, RuleTable } from './place.ts';
import type { DeviceConversation } from './port.ts';
import { ipv4In, isTrue, rowsIn, valuesByName } from './tree.ts';

const interfaces = 'Device.IP.Interface.';
const settings = 'Device.NAT.InterfaceSetting.';
const routers = 'Device.Routing.Router.';
const pinholes = 'Device.Firewall.Pinhole.';
const chains = 'Device.Firewall.Chain.';

interface IpInterface {
  /** Without its last dot, as references are. */
  readonly reference: string;
  readonly ipv4: IpAddress[];
  readonly ipv6: IpAddress[];
  readonly networks: Prefix[];
}

/** Finds the interface in use and the networks of the home (TR-181). Undefined where no interface outward is in use. */
export async function discoverTr181(device: DeviceConversation, signal: AbortSignal): Promise<Place | undefined> {
  const wanted = /\.(?:Enable|Loopback|Type|IPAddress|SubnetMask|Prefix)$/;
  const found = interfacesIn(valuesByName(await readBelow(device, interfaces, (name) => wanted.test(name), signal)));
  const outward = await outwardReferences(device, found, signal);
  const wan = outward.map((reference) => found.get(reference)).find((each) => each && each.ipv4.length > 0);
  const external = wan?.ipv4[0];
  if (!wan || external === undefined) return undefined;
  const inside = [...found.values()].filter(({ reference }) => !outward.includes(reference));
  const firewall = (await readNames(device, 'Device.Firewall.', true, signal)).map(({ name }) => name);
  const hasPinholes = firewall.includes(pinholes);
  const rules = firewall.includes(chains) ? await rulesToFill(device, signal) : undefined;
  return {
    mappings: { path: 'Device.NAT.PortMapping.', names: tr181Mapping, interface: wan.reference },
    ...(hasPinholes && { pinholes: { path: pinholes, names: tr181Pinhole, interface: wan.reference } }),
    ...(rules && { rules }),
    external,
    addresses: {
      global: [external, ...wan.ipv6],
      local: inside.flatMap(({ networks }) => networks),
      own: inside.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]),
    },
  };
}

/** The table of rules of the chain that is ours to fill. */
async function rulesToFill(device: DeviceConversation, signal: AbortSignal): Promise<RuleTable | undefined> {
  const isTold = (name: string) => chainNames.test(name);
  const chain = chainToFill(valuesByName(await readBelow(device, 'Device.Firewall.', isTold, signal)));
  if (chain === undefined) return undefined;
  const path = `${chain}Rule.`;
  const canAdd = (await readNames(device, chain, true, signal)).some((each) => each.name === path && each.writable);
  return canAdd ? { path } : undefined;
}

/** What faces outwards, what is in use first: where the default route leads, and what is translated. */
async function outwardReferences(
  device: DeviceConversation,
  found: ReadonlyMap<string, IpInterface>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const translated = rowsIn(await readBelow(device, settings, () => true, signal), settings)
    .filter(({ values }) => isTrue(values.get('Enable') ?? '1'))
    .map(({ values }) => withoutDot(values.get('Interface')))
    .filter((reference) => found.has(reference));
  if (translated.length === 1) return translated;
  const ofRoutes = /\.IPv4Forwarding\.\d+\.(?:Enable|Interface|DestIPAddress)$/;
  const routes = valuesByName(await readBelow(device, routers, (name) => ofRoutes.test(name), signal));
  const defaults = [...routes].flatMap(([name, value]) => {
    const at = /^(.*\.IPv4Forwarding\.\d+\.)Interface$/.exec(name)?.[1];
    if (at === undefined || (routes.has(`${at}Enable`) && !isTrue(routes.get(`${at}Enable`)))) return [];
    return ipv4In(routes.get(`${at}DestIPAddress`)) === undefined ? [withoutDot(value)] : [];
  });
  return [...new Set([...defaults.filter((reference) => found.has(reference)), ...translated])];
}

function interfacesIn(values: ReadonlyMap<string, string>): ReadonlyMap<string, IpInterface> {
  const found = new Map<string, IpInterface>();
  const unused = new Set<string>();
  for (const [name, value] of values) {
    const match = /^(Device\.IP\.Interface\.\d+)\.(?:(IPv4Address|IPv6Address|IPv6Prefix)\.\d+\.)?(\w+)$/.exec(name);
    const [, reference, table, parameter] = match ?? [];
    if (reference === undefined) continue;
    if ((parameter === 'Loopback' || parameter === 'Enable') && table === undefined) {
      const isLoopback = parameter === 'Loopback';
      if (isTrue(value) === isLoopback) unused.add(reference);
    }
    if (parameter === 'Type' && table === undefined && value === 'Loopback') unused.add(reference);
    const each = found.get(reference) ?? { reference, ipv4: [], ipv6: [], networks: [] };
    found.set(reference, each);
    const at = name.slice(0, name.lastIndexOf('.') + 1);
    const isOff = values.has(`${at}Enable`) && !isTrue(values.get(`${at}Enable`));
    if (table === undefined || isOff) continue;
    const address = parseIpAddress(value);
    if (table === 'IPv4Address' && parameter === 'IPAddress' && ipv4In(value) !== undefined && address !== undefined) {
      each.ipv4.push(address);
      const network = maskedPrefix(address, values.get(`${at}SubnetMask`));
      if (network) each.networks.push(network);
    }
    if (table === 'IPv6Address' && parameter === 'IPAddress' && isScoped(address)) each.ipv6.push(address);
    const prefix = table === 'IPv6Prefix' && parameter === 'Prefix' ? parsePrefix(value) : undefined;
    if (prefix && isScoped(prefix.address)) each.networks.push(prefix);
  }
  for (const reference of unused) found.delete(reference);
  return found;
}

/** Link-local addresses say nothing of where a gateway or a home is. */
function isScoped(address: IpAddress | undefined): address is IpAddress {
  return address !== undefined && familyOf(address) === 6 && !/^(?:fe[89ab]|::1?$)/.test(address);
}

/** References end in no dot; in older devices they do. */
function withoutDot(reference: string | undefined): string {
  return (reference ?? '').replace(/\.$/, '');
}
