import { type IpAddress, isUnicastHost, parseIpAddress } from '@sluice/model';
import {
  type ConnectionStatus,
  defaultConnectionIn,
  externalAddressIn,
  getDefaultConnection,
  getExternalAddress,
  getStatus,
  IgdMalformed,
  igdType,
  statusIn,
  type Values,
} from '@sluice/wire/igd';
import { askService, type Reply, type ServiceAt } from './asking.ts';
import { byPreference } from './choosing.ts';
import type { DescribedGateway } from './describing.ts';
import type { Examine } from './finding.ts';
import type { IgdDriverPorts } from './ports.ts';

/** The WAN connection of a gateway that port mappings are made at. */
export interface WanConnection extends ServiceAt {
  readonly externalAddress: IpAddress | undefined;
  readonly status: ConnectionStatus | undefined;
}

/** Looks at the WAN connections of a gateway and takes the best. */
export function examineConnections(ports: IgdDriverPorts, signal: AbortSignal): Examine<WanConnection> {
  return async (gateway, { from }) => {
    const ask = (service: ServiceAt, request: Parameters<typeof askService>[1]) =>
      askService(service, request, ports, from, signal);
    if (gateway.connections.length === 0) return 'it has no WAN connection to map ports at';
    const choices = [];
    for (const service of gateway.connections) {
      const status = readOr(await ask(service, getStatus(service.type)), statusIn);
      // Where it says nothing of its state, its address tells.
      const address = readOr(await ask(service, getExternalAddress(service.type)), externalAddressOf);
      const connected = address !== undefined && (status === undefined || status.status === 'Connected');
      const version = service.type.startsWith(igdType.ipConnection) ? service.version : 0;
      const found: WanConnection = { ...service, externalAddress: address, status };
      choices.push({ service, found, choice: { connected, externalAddress: address, inUse: false, version } });
    }
    const inUse = choices.length > 1 ? await serviceInUse(gateway, ask) : undefined;
    const [best] = choices
      .map(({ service, found, choice }) => ({ found, choice: { ...choice, inUse: service.id === inUse } }))
      .toSorted((one, other) =>
        byPreference({ isDefaultRouter: true, ...one.choice }, { isDefaultRouter: true, ...other.choice }),
      );
    return best ?? 'it has no WAN connection to map ports at';
  };
}

async function serviceInUse(
  { forwarding }: DescribedGateway,
  ask: (service: ServiceAt, request: Parameters<typeof askService>[1]) => Promise<Reply>,
): Promise<string | undefined> {
  if (!forwarding) return undefined;
  return readOr(
    await ask(forwarding, getDefaultConnection(forwarding.type)),
    (values) => defaultConnectionIn(values).serviceId,
  );
}

/** The address out of an answer to GetExternalIPAddress; undefined where there is none, or none of a host. */
export function externalAddressOf(values: Values): IpAddress | undefined {
  const address = parseIpAddress(externalAddressIn(values));
  return address !== undefined && isUnicastHost(address) ? address : undefined;
}

/** What a reply says; undefined where it says nothing. */
export function readOr<T>(reply: Reply, read: (values: Values) => T): T | undefined {
  if (reply.kind !== 'values') return undefined;
  try {
    return read(reply.values);
  } catch (error) {
    if (error instanceof IgdMalformed) return undefined;
    throw error;
  }
}
