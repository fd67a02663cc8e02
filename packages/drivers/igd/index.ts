import { type Driver, Unreachable } from '@sluice/driver';
import type { Gateway } from '@sluice/model';
import { type PortControlStep, planPortControl } from '@sluice/port-control';
import { examineConnections } from './connection.ts';
import { findGateway } from './finding.ts';
import { Firewalls } from './firewalls.ts';
import { signsOf } from './life-check.ts';
import { GatewayMemory } from './memory.ts';
import { linkOf } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';
import { igdSession } from './session.ts';
import { igdTraits } from './traits.ts';

export type { AskDevice, DeviceReply, IgdDriverPorts, IgdHome, SearchLink } from './ports.ts';
export { type DeviceIdentity, type QuirkEntry, type Quirks, quirksOf, quirkTable } from './quirks.ts';
export { igdTraits } from './traits.ts';

/**
 * Driver for UPnP gateways (IGD 1 and 2), run inside the home that they are the gateway of. A registration may say
 * which one (`communication.uuid`), or where its description is (`location`, `location6`); else it is searched for.
 */
export function igdDriver(ports: IgdDriverPorts): Driver<PortControlStep> {
  const memories = new Map<string, GatewayMemory>();
  const memoryOf = ({ gatewayId }: Gateway): GatewayMemory => {
    const known = memories.get(gatewayId) ?? new GatewayMemory();
    memories.set(gatewayId, known);
    return known;
  };
  return {
    type: 'igd',
    traits: igdTraits,
    plan: (change, _observed, now) => planPortControl(change, now),
    async connect(gateway, signal) {
      const memory = memoryOf(gateway);
      const firewalls = new Firewalls(gateway, ports);
      if (!linkOf(ports.home(), 4)) {
        // A home with IPv6 alone.
        const found = await firewalls.find(undefined, signal);
        if (!found) throw new Unreachable('no UPnP gateway answers');
        memory.notice(signsOf(undefined, found.bootId, ports));
        return igdSession(gateway, memory, ports, undefined, firewalls);
      }
      const mapped = await findGateway(4, gateway, ports, examineConnections(ports, signal), signal);
      const { externalAddress, status } = mapped.found;
      memory.externalAddress = externalAddress;
      memory.notice(signsOf(status?.uptimeSeconds, mapped.bootId, ports));
      return igdSession(gateway, memory, ports, mapped, firewalls);
    },
  };
}
