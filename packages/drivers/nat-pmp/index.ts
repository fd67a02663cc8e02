import { type Driver, Unreachable } from '@sluice/driver';
import type { IpAddress } from '@sluice/model';
import { announcementIn, LossReports, type PortControlStep, planPortControl, serverOf } from '@sluice/port-control';
import { natPmpServerPort } from '@sluice/wire/natpmp';
import { askNatPmp, readEpoch } from './asking.ts';
import { GatewayMemory } from './memory.ts';
import type { NatPmpDriverPorts } from './ports.ts';
import { natPmpSession } from './session.ts';
import { natPmpTraits } from './traits.ts';

export type { NatPmpDriverPorts } from './ports.ts';
export { type NatPmpSightingPorts, seeNatPmp } from './sighting.ts';
export { natPmpTraits } from './traits.ts';

/** The driver, and where it hears what gateways tell everybody. */
export interface NatPmpDriver extends Driver<PortControlStep>, Disposable {
  /** A datagram to 224.0.0.1 or [ff02::1], port 5350, and who sent it; of gateways that were not spoken to it is not heeded. */
  heard(bytes: Uint8Array, from: IpAddress): void;
}

/**
 * Driver for gateways that speak NAT-PMP (RFC 6886), from inside the home. A registration may say where the gateway takes
 * requests (`communication.address`, `port`); without, it is where the default route leads.
 */
export function natPmpDriver({ lost, random, ...ports }: NatPmpDriverPorts): NatPmpDriver {
  const { clock } = ports;
  const memories = new Map<string, GatewayMemory>();
  const reports = new LossReports(clock, random, lost);

  return {
    type: 'nat-pmp',
    traits: natPmpTraits,
    plan: (change, _observed, now) => planPortControl(change, now),

    async connect(gateway, signal) {
      const { gatewayId } = gateway;
      const server = serverOf(gateway, 4, ports.home(), natPmpServerPort);
      if (!server) throw new Unreachable('no default route leads to a gateway, and none is registered');
      const known = memories.get(gatewayId);
      const memory = known?.isAt(server) ? known : new GatewayMemory(gatewayId, server);
      memories.set(gatewayId, memory);
      // Its answer is the proof that it speaks NAT-PMP, also where it is that it has no address just now.
      const asked = { kind: 'external-address' } as const;
      const take = () => askNatPmp(asked, undefined, memory, { ...ports, reports }, signal);
      const reply = memory.external === undefined ? await memory.turns.take(signal, take) : undefined;
      if (reply && reply.kind !== 'answer')
        throw new Unreachable(`${gatewayId} does not answer NAT-PMP: ${reply.reason}`);
      if (reply?.answer.kind === 'error') throw new Unreachable(`${gatewayId} speaks another version than NAT-PMP's`);
      return natPmpSession({ ...ports, reports, memory });
    },

    heard(bytes, from) {
      const announcement = announcementIn(bytes);
      if (!announcement) return;
      for (const memory of memories.values()) {
        if (memory.server.address !== from) continue;
        const before = memory.external;
        // A gateway that speaks PCP too may announce in that alone; its count of seconds is the same.
        const lostAll = readEpoch(announcement.epoch, memory, clock.now());
        if (announcement.kind === 'nat-pmp') memory.external = announcement.address;
        if (lostAll) reports.soon(memory.gatewayId, 'it announced that it lost its mappings');
        else if (before !== undefined && before !== memory.external)
          reports.soon(memory.gatewayId, `it announced that its address is ${memory.external} now`);
      }
    },

    [Symbol.dispose]: () => reports[Symbol.dispose](),
  };
}
