import { type Driver, Unreachable } from '@sluice/driver';
import { familyOf, type Gateway, type IpAddress } from '@sluice/model';
import { LossReports, type PortControlStep, planPortControl } from '@sluice/port-control';
import { parseSsdp } from '@sluice/wire/igd';
import { examineConnections } from './connection.ts';
import { findGateway } from './finding.ts';
import { Firewalls } from './firewalls.ts';
import { signsOf } from './life-check.ts';
import { GatewayMemory } from './memory.ts';
import { linkOf } from './place.ts';
import type { IgdDriverPorts } from './ports.ts';
import { igdSession } from './session.ts';
import { standingPorts } from './standing.ts';
import { igdTraits } from './traits.ts';

export type { AskDevice, DeviceReply, IgdDriverPorts, IgdHome, SearchLink } from './ports.ts';
export { type DeviceIdentity, type QuirkEntry, type Quirks, quirksOf, quirkTable } from './quirks.ts';
export { type IgdSightingPorts, seeIgd } from './sighting.ts';
export { igdTraits } from './traits.ts';

/** The driver, and where it hears what gateways tell everybody. */
export interface IgdDriver extends Driver<PortControlStep>, Disposable {
  /** A datagram to 239.255.255.250 or [ff02::c], port 1900, and who sent it. */
  heard(bytes: Uint8Array, from: IpAddress): void;
}

/**
 * Driver for UPnP gateways (IGD 1 and 2), run inside the home that they are the gateway of. A registration may say
 * which one (`communication.uuid`), or where its description is (`location`, `location6`); else it is searched for.
 */
export function igdDriver(ports: IgdDriverPorts): IgdDriver {
  const reports = new LossReports(ports.clock, ports.random, ports.lost);
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
      const standing = standingPorts(ports);
      const firewalls = new Firewalls(gateway, standing.ports);
      if (!linkOf(standing.ports.home(), 4)) {
        // A home with IPv6 alone.
        const found = await firewalls.find(undefined, signal);
        if (!found) throw new Unreachable('no UPnP gateway answers');
        memory.found = { udn: found.gateway.udn, address: found.gateway.place.address };
        memory.notice(signsOf(undefined, found.bootId, ports));
        return igdSession(gateway, memory, standing, undefined, firewalls);
      }
      const mapped = await findGateway(4, gateway, ports, examineConnections(ports, signal), signal);
      const { externalAddress, status } = mapped.found;
      memory.externalAddress = externalAddress;
      memory.found = { udn: mapped.gateway.udn, address: mapped.gateway.place.address };
      memory.notice(signsOf(status?.uptimeSeconds, mapped.bootId, ports));
      return igdSession(gateway, memory, standing, mapped, firewalls);
    },

    heard(bytes, from) {
      const message = parseSsdp(bytes);
      if (message?.kind !== 'notice' || message.event === 'byebye' || message.bootId === undefined) return;
      for (const [gatewayId, memory] of memories) {
        const { found } = memory;
        // Over IPv6 a router speaks from its link-local address.
        const isIt = found && message.usn.startsWith(found.udn) && (from === found.address || familyOf(from) === 6);
        if (isIt && memory.notice({ bootId: message.bootId })) reports.soon(gatewayId, 'it was started again');
      }
    },

    [Symbol.dispose]: () => reports[Symbol.dispose](),
  };
}
