import { type Driver, Unreachable } from '@sluice/driver';
import type { Family, Gateway, IpAddress } from '@sluice/model';
import { announcementIn, LossReports, type PortControlStep, planPortControl, serverOf } from '@sluice/port-control';
import { pcpServerPort } from '@sluice/wire/pcp';
import { readEpoch } from './asking.ts';
import { greet } from './connecting.ts';
import { fallBackSession } from './fall-back.ts';
import { GatewayMemory, type ServerMemory } from './memory.ts';
import type { PcpDriverPorts } from './ports.ts';
import { pcpSession } from './session.ts';
import { pcpTraits } from './traits.ts';

export type { PcpDriverPorts } from './ports.ts';
export { type PcpSightingPorts, seePcp } from './sighting.ts';
export { pcpTraits } from './traits.ts';

/** The driver, and where it hears what gateways tell everybody. */
export interface PcpDriver extends Driver<PortControlStep>, Disposable {
  /** A datagram to 224.0.0.1 or [ff02::1], port 5350, and who sent it; of gateways that were not spoken to it is not heeded. */
  heard(bytes: Uint8Array, from: IpAddress): void;
}

/**
 * Driver for gateways that speak PCP (RFC 6887), from inside the home. A registration may say where the gateway takes
 * requests (`communication.address`, `address6`, `port`); without, it is where the default routes lead.
 */
export function pcpDriver({ lost, fallBack, ...ports }: PcpDriverPorts): PcpDriver {
  const { clock, random, secret } = ports;
  if (secret.length < 16) throw new RangeError('a secret of less than 16 octets can be guessed');
  const memories = new Map<string, GatewayMemory>();
  const reports = new LossReports(clock, random, lost);

  function memoryOf(gateway: Gateway): GatewayMemory {
    const known = memories.get(gateway.gatewayId) ?? new GatewayMemory(gateway);
    memories.set(gateway.gatewayId, known);
    return known;
  }

  return {
    type: 'pcp',
    traits: pcpTraits,
    plan: (change, _observed, now) => planPortControl(change, now),

    async connect(gateway, signal) {
      const memory = memoryOf(gateway);
      const home = ports.home();
      const servers = new Map<Family, ServerMemory>();
      for (const family of [4, 6] as const) {
        const server = serverOf(gateway, family, home, pcpServerPort);
        if (server) servers.set(family, memory.at(server));
      }
      if (servers.size === 0) throw new Unreachable('no default route leads to a gateway, and none is registered');
      await greet([...servers.values()], memory, { ...ports, reports }, signal);
      const speaking = (family: Family) => {
        const server = servers.get(family);
        return server?.version?.kind === 'pcp' ? server : undefined;
      };
      if (speaking(4) || speaking(6)) return pcpSession({ ...ports, reports, gateway: memory, serverFor: speaking });
      const older = [...servers.values()].some(({ version }) => version?.kind === 'other' && version.version === 0);
      if (older && fallBack) return fallBackSession(fallBack, { ...gateway, type: fallBack.type }, signal);
      const words = older ? 'NAT-PMP alone: register it as nat-pmp' : 'a version of PCP that is not known here';
      throw new Unreachable(`${gateway.gatewayId} speaks ${words}`);
    },

    heard(bytes, from) {
      const announcement = announcementIn(bytes);
      if (!announcement) return;
      for (const memory of memories.values())
        for (const server of memory.under(from)) {
          if (announcement.kind === 'pcp' && readEpoch(announcement.epoch, server, memory, clock.now()))
            reports.soon(memory.gatewayId, 'it announced that it lost its mappings');
          const moved = announcement.kind === 'nat-pmp' && server.external !== undefined;
          if (moved && announcement.address !== server.external) {
            server.external = undefined;
            reports.soon(memory.gatewayId, `it announced that its address is ${announcement.address} now`);
          }
        }
    },

    [Symbol.dispose]: () => reports[Symbol.dispose](),
  };
}
