import { type GatewaySession, Unreachable } from '@sluice/driver';
import type { Outcome } from '@sluice/model';
import { applyOneByOne, type LookAtHome, lookOneByOne, type PortControlStep } from '@sluice/port-control';
import { type AskingPorts, askNatPmp } from './asking.ts';
import { natPmpMapper } from './mapper.ts';
import type { GatewayMemory } from './memory.ts';
import { offline } from './refusals.ts';

/** What a conversation is made of. */
export interface NatPmpSessionPorts extends AskingPorts {
  readonly home: LookAtHome;
  readonly memory: GatewayMemory;
}

/** A conversation with a gateway that speaks NAT-PMP. It holds no socket: each exchange has its own. */
export function natPmpSession(ports: NatPmpSessionPorts): GatewaySession<PortControlStep> {
  const { memory, clock, home } = ports;
  const { gatewayId, turns, book } = memory;
  const globalAddress = (signal: AbortSignal) => readGlobalAddress(memory, ports, signal);
  const mapper = natPmpMapper({ ...ports, globalAddress });

  return {
    async addresses(signal) {
      const address = await turns.take(signal, () => globalAddress(signal));
      if (address === undefined) throw new Unreachable(`${gatewayId} does not tell its global address`);
      return { global: [address], local: home().prefixes, own: [memory.server.address] };
    },

    observe: (believed, signal) =>
      turns.take(signal, () => lookOneByOne(believed, { book, clock, mapper, leastSeconds: 0 }, signal)),

    async apply(step, signal): Promise<Outcome> {
      let begun = false;
      try {
        return await turns.take(signal, () => {
          begun = true;
          return applyOneByOne(step, mapper, signal);
        });
      } catch (error) {
        if (begun) throw error;
        return { kind: 'refused', refusal: offline(gatewayId, `not begun in time: ${String(error)}`) };
      }
    },

    async [Symbol.asyncDispose]() {},
  };
}

/** The gateway's global address (RFC 6886 3.2), asked for once; undefined where it has none or does not answer. */
export async function readGlobalAddress(
  memory: GatewayMemory,
  ports: AskingPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (memory.external !== undefined) return memory.external;
  const reply = await askNatPmp({ kind: 'external-address' }, undefined, memory, ports, signal);
  return reply.kind === 'answer' ? memory.external : undefined;
}
