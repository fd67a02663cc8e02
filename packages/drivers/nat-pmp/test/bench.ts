import { systemUdp, VirtualClock } from '@sluice/io';
import type { Gateway } from '@sluice/model';
import { serveOnLoopback } from '../../../port-control/test/loopback.ts';
import { natPmpDriver } from '../index.ts';
import { SimulatedNatPmpGateway } from './simulated-gateway.ts';

/** The driver before a simulated gateway on loopback, and what it told of losses. */
export async function openNatPmpBench() {
  const clock = new VirtualClock();
  const simulated = new SimulatedNatPmpGateway(clock);
  const server = await serveOnLoopback((bytes, from) => simulated.answer(bytes, from), [4]);
  const losses: string[] = [];
  const make = () =>
    natPmpDriver({
      udp: systemUdp,
      clock,
      home: () => ({ gateways: [], prefixes: [{ address: '127.0.0.0', length: 8 }] }),
      random: () => 0.5,
      lost: (gatewayId, why) => void losses.push(`${gatewayId} ${why}`),
    });
  const driver = make();
  const gateway: Gateway = {
    gatewayId: 'home-1',
    type: 'nat-pmp',
    communication: { address: '127.0.0.1', port: String(server.port) },
  };
  return {
    clock,
    simulated,
    server,
    losses,
    driver,
    gateway,
    /** A driver with nothing in its memory. */
    anew: make,
    connect: (using = driver) => using.connect(gateway, AbortSignal.timeout(5_000)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
