import type { Gateway, SeenIgd } from '@sluice/model';
import { examineConnections } from './connection.ts';
import { findGateway } from './finding.ts';
import type { IgdDriverPorts } from './ports.ts';

/** What looking for a UPnP gateway needs. */
export type IgdSightingPorts = Pick<IgdDriverPorts, 'home' | 'http' | 'search' | 'clock' | 'ssdpPort'>;

const anyGateway: Gateway = { gatewayId: 'home', type: 'igd', communication: {} };

/** The UPnP gateway of this home, or why there is none. Changes nothing. Rejects with the signal's reason. */
export async function seeIgd(ports: IgdSightingPorts, signal: AbortSignal): Promise<SeenIgd | string> {
  const looking = { ...ports, random: () => 0, lost() {} };
  try {
    const { gateway, found, choice } = await findGateway(
      4,
      anyGateway,
      looking,
      examineConnections(looking, signal),
      signal,
    );
    const { identity, udn, place, connections, firewall } = gateway;
    // A gateway of version 2 has the second version of one of these, or the firewall (UPnP-gw-InternetGatewayDevice-v2).
    const isSecond = firewall !== undefined || connections.some(({ version }) => version >= 2);
    return {
      address: place.address,
      udn,
      manufacturer: identity.manufacturer,
      model: [identity.modelName, identity.modelNumber].filter((text) => text !== '').join(' '),
      server: identity.server,
      version: isSecond ? 2 : 1,
      connected: choice.connected,
      ...(found.status !== undefined && { status: found.status.status }),
      ...(found.externalAddress !== undefined && { external: found.externalAddress }),
      firewall: firewall !== undefined,
      isDefaultRouter: choice.isDefaultRouter,
    };
  } catch (error) {
    signal.throwIfAborted();
    return (error as Error).message;
  }
}
