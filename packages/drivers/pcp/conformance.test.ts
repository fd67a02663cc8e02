import { driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { mishaps } from '../../port-control/test/loopback.ts';
import { pcpTraits } from './index.ts';
import { openPcpBench } from './test/bench.ts';

const refusedWishes: readonly RefusedWish[] = ([4, 6] as const).flatMap((family): RefusedWish[] => [
  {
    what: 'a port of the system',
    family,
    spoil: (opening) => ({
      ...opening,
      local: { ...opening.local, port: 22 },
      ...(family === 6 && { globalPort: 22 }),
    }),
    code: 'gateway-refused',
  },
  {
    what: 'a device that does not ask for itself',
    family,
    spoil: (opening) => ({
      ...opening,
      local: { ...opening.local, address: family === 4 ? '192.0.2.9' : '2001:db8:100::9' },
    }),
    code: 'trait-missing',
  },
  {
    what: 'a device that is to be found',
    family,
    spoil: ({ local: { port }, ...opening }) => ({ ...opening, local: { port } }),
    code: 'local-address-needed',
  },
]);

driverConformance({ type: 'pcp', traits: pcpTraits }, async () => {
  const bench = await openPcpBench();
  const { simulated, server, clock } = bench;
  // Where the versions and the global address are known already, a lost message is the one that opens.
  await (await bench.connect()).addresses(AbortSignal.timeout(5_000));
  return {
    driver: bench.driver,
    gateway: bench.gateway,
    addresses: {
      4: { device: '127.0.0.1', server: '203.0.113.10' },
      6: { device: '::1', server: '2001:db8:1::10' },
    },
    refusedWishes,
    now: () => clock.now(),
    pass: (ms) => clock.pass(ms),
    loseNextAnswer: () => void server.mishaps.push(mishaps.lost),
    loseNextRequest: () => void server.deaf++,
    async makeForeign() {
      const foreign = {
        ...{ client: '192.168.1.77', protocol: 17, internalPort: 5001, nonce: 'theirs' },
        ...{ externalPort: 5001, externalAddress: '203.0.113.1', filters: [], endsAt: clock.now() + 3_600_000 },
      };
      simulated.mappings.push(foreign);
      return async () => simulated.held.includes(foreign);
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
});
