import type { Driver } from '@sluice/driver';
import { systemUdp, VirtualClock } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import type { HomeNetwork } from '@sluice/port-control';
import { serveOnLoopback } from '../../../port-control/test/loopback.ts';
import { pcpDriver } from '../index.ts';
import { SimulatedPcpGateway } from './simulated-gateway.ts';

const home: HomeNetwork = {
  gateways: [],
  prefixes: [
    { address: '127.0.0.0', length: 8 },
    { address: '::1', length: 128 },
  ],
};

/** The driver before a simulated gateway on loopback, and what it told of losses. */
export async function openPcpBench(
  options: { readonly fallBack?: Driver; readonly families?: readonly (4 | 6)[] } = {},
) {
  const clock = new VirtualClock();
  const simulated = new SimulatedPcpGateway(clock);
  const server = await serveOnLoopback((bytes, from) => simulated.answer(bytes, from), options.families);
  const losses: string[] = [];
  const make = (secret = Buffer.from('a secret of this appliance')) =>
    pcpDriver({
      udp: systemUdp,
      clock,
      home: () => home,
      secret,
      random: () => 0.5,
      lost: (gatewayId, why) => void losses.push(`${gatewayId} ${why}`),
      ...(options.fallBack && { fallBack: options.fallBack }),
    });
  const driver = make();
  const gateway: Gateway = {
    gatewayId: 'home-1',
    type: 'pcp',
    communication: { address: '127.0.0.1', address6: '::1', port: String(server.port) },
  };
  return {
    clock,
    simulated,
    server,
    losses,
    driver,
    gateway,
    /** A driver with nothing in its memory: this appliance after a restart, or another. */
    anew: make,
    connect: (using = driver) => using.connect(gateway, AbortSignal.timeout(5_000)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
