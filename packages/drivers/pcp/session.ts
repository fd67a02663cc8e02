import { type GatewaySession, Unreachable } from '@sluice/driver';
import type { Family, Outcome, Traits } from '@sluice/model';
import type { LookAtHome } from '@sluice/port-control';
import { applyOneByOne, lookOneByOne, type PortControlStep } from '@sluice/port-control';
import { externalAddress } from './external-address.ts';
import { type MapperPorts, pcpMapper } from './mapper.ts';
import { offline } from './refusals.ts';
import { pcpTraits } from './traits.ts';

/** What a conversation is made of. */
export interface PcpSessionPorts extends MapperPorts {
  readonly home: LookAtHome;
}

/** A conversation with a gateway that speaks PCP. It holds no socket: each exchange has its own. */
export function pcpSession(ports: PcpSessionPorts): GatewaySession<PortControlStep> {
  const { gateway, clock } = ports;
  const mapper = pcpMapper(ports);
  /** Those that have answered up to now. */
  const servers = () =>
    ([4, 6] as const satisfies readonly Family[]).flatMap((family) => {
      const server = ports.serverFor(family);
      return server ? [{ family, server }] : [];
    });
  const looking = { book: gateway.book, clock, mapper, leastSeconds: pcpTraits.lease?.leastSeconds ?? 0 };

  return {
    get traits(): Traits {
      const unfiltered = servers().some(({ server }) => server.unfiltered);
      return {
        ...pcpTraits,
        families: servers().map(({ family }) => family),
        ...(unfiltered && { sourceAddress: false, sourcePort: false }),
      };
    },

    async addresses(signal) {
      const four = ports.serverFor(4);
      const global = four && (await gateway.turns.take(signal, () => externalAddress(four, ports, signal)));
      if (four && global === undefined) throw new Unreachable(`${gateway.gatewayId} does not tell its global address`);
      return {
        global: global === undefined ? [] : [global],
        local: ports.home().prefixes,
        own: servers().map(({ server }) => server.server.address),
      };
    },

    observe: (believed, signal) => gateway.turns.take(signal, () => lookOneByOne(believed, looking, signal)),

    async apply(step, signal): Promise<Outcome> {
      let begun = false;
      try {
        return await gateway.turns.take(signal, () => {
          begun = true;
          return applyOneByOne(step, mapper, signal);
        });
      } catch (error) {
        if (begun) throw error;
        return { kind: 'refused', refusal: offline(gateway.gatewayId, `not begun in time: ${String(error)}`) };
      }
    },

    async [Symbol.asyncDispose]() {},
  };
}
