import type { IpAddress } from '@sluice/model';
import {
  type DescribedDevice,
  IgdMalformed,
  igdType,
  longestDescription,
  parseDescription,
  servicesOf,
  versionOf,
} from '@sluice/wire/igd';
import type { ServiceAt } from './asking.ts';
import { type Place, placeOf } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';
import type { DeviceIdentity } from './quirks.ts';

/** A gateway as its description shows it. */
export interface DescribedGateway {
  readonly udn: string;
  readonly location: string;
  readonly place: Place;
  readonly identity: DeviceIdentity;
  /** WANIPConnection and WANPPPConnection, with their ids. */
  readonly connections: readonly (ServiceAt & { readonly id: string })[];
  readonly forwarding: ServiceAt | undefined;
  readonly firewall: ServiceAt | undefined;
}

/** More of them are left out. */
const mostConnections = 8;

/** Reads the description at a place that may be named; a sentence where it is none, or none of a gateway. */
export async function describe(
  location: string,
  place: Place,
  from: IpAddress,
  { http }: Pick<IgdDriverPorts, 'http'>,
  signal: AbortSignal,
): Promise<DescribedGateway | string> {
  const reply = await http({ method: 'GET', ...place, from, mostBytes: longestDescription }, signal);
  if (reply.kind !== 'answer') return reply.reason;
  if (reply.status !== 200) return `its description has the status ${reply.status}`;
  try {
    const { device, urlBase } = parseDescription(reply.body);
    return gatewayIn(device, urlBase || location, location, place, reply.server);
  } catch (error) {
    if (error instanceof IgdMalformed) return error.message;
    throw error;
  }
}

function gatewayIn(
  device: DescribedDevice,
  base: string,
  location: string,
  place: Place,
  server: string,
): DescribedGateway | string {
  const all = servicesOf(device);
  const named = (family: string) =>
    all.flatMap(({ type, id, controlUrl }) => {
      const version = versionOf(type, family);
      const at = placeOf(controlUrl, base);
      // A service elsewhere is none of this device.
      if (version === undefined || at?.address !== place.address) return [];
      return [{ type, version, id, place: { ...place, ...at } }];
    });
  const connections = [...named(igdType.ipConnection), ...named(igdType.pppConnection)].slice(0, mostConnections);
  const [forwarding] = named(igdType.forwarding);
  const [firewall] = named(igdType.ipv6Firewall);
  if (connections.length === 0 && !firewall) return 'it is no internet gateway';
  const { manufacturer, modelName, modelNumber, udn } = device;
  const identity = { server, manufacturer, modelName, modelNumber };
  return { udn, location, place, identity, connections, forwarding, firewall };
}
