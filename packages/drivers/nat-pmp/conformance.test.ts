import { driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { mishaps } from '../../port-control/test/loopback.ts';
import { natPmpTraits } from './index.ts';
import { openNatPmpBench } from './test/bench.ts';

const refusedWishes: readonly RefusedWish[] = [
  {
    what: 'a port of the system',
    family: 4,
    spoil: (opening) => ({ ...opening, local: { ...opening.local, port: 22 } }),
    code: 'gateway-refused',
  },
  {
    what: 'a device that does not ask for itself',
    family: 4,
    spoil: (opening) => ({ ...opening, local: { ...opening.local, address: '192.0.2.9' } }),
    code: 'trait-missing',
  },
  {
    what: 'a device that is to be found',
    family: 4,
    spoil: ({ local: { port }, ...opening }) => ({ ...opening, local: { port } }),
    code: 'local-address-needed',
  },
];

driverConformance({ type: 'nat-pmp', traits: natPmpTraits }, async () => {
  const bench = await openNatPmpBench();
  const { simulated, server, clock } = bench;
  await bench.connect();
  return {
    driver: bench.driver,
    gateway: bench.gateway,
    addresses: { 4: { device: '127.0.0.1', server: '203.0.113.10' } },
    refusedWishes,
    now: () => clock.now(),
    pass: (ms) => clock.pass(ms),
    loseNextAnswer: () => void server.mishaps.push(mishaps.lost),
    loseNextRequest: () => void server.deaf++,
    async makeForeign() {
      const endsAt = clock.now() + 3_600_000;
      const foreign = {
        client: '192.168.1.77',
        protocol: 'udp',
        internalPort: 5001,
        externalPort: 5001,
        endsAt,
      } as const;
      simulated.mappings.push(foreign);
      return async () => simulated.held.includes(foreign);
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
});
