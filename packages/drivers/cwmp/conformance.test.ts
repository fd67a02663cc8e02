import { describe } from 'node:test';
import { driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { cwmpTraits } from './index.ts';
import { type BenchOptions, cwmpBench } from './test/bench.ts';

const to = (address: string) => (opening: Parameters<RefusedWish['spoil']>[0]) => ({
  ...opening,
  local: { ...opening.local, address },
});

/** Values of a mapping that the household made, in the words of both data models. */
const householdRow = {
  PortMappingEnabled: '1',
  Enable: '1',
  RemoteHost: '203.0.113.77',
  ExternalPort: '9000',
  InternalPort: '9000',
  PortMappingProtocol: 'UDP',
  Protocol: 'UDP',
  InternalClient: '192.168.1.3',
  PortMappingDescription: 'console',
  Description: 'console',
};

const ipv6 = { external: '2001:db8:1::1', lanAddress: '2001:db8:100::1', prefix: '2001:db8:100::/64' };

const devices: Record<string, BenchOptions> = {
  'TR-098': { model: 'tr-098', connection: { kind: 'PPP', device: 4, index: 2 } },
  'TR-181': { model: 'tr-181', ipv6 },
  'TR-181, rules of a chain': { model: 'tr-181', ipv6, rules: true },
  'TR-098, without cookies, odd': {
    model: 'tr-098',
    quirks: {
      noPartialPaths: true,
      returnsCookie: false,
      oddXml: true,
      wrongCounts: true,
      reusesInstances: true,
      fixedCount: true,
    },
  },
  'TR-181, a new connection for each step': {
    model: 'tr-181',
    ipv6,
    quirks: { connectsAnew: true, connectionRequest: 'hangs-up' },
  },
};

for (const [name, options] of Object.entries(devices)) {
  const families = options.ipv6 ? ([4, 6] as const) : ([4] as const);
  const traits = { ...cwmpTraits, families, sourcePort: options.rules ?? false };
  describe(name, () =>
    driverConformance({ type: 'cwmp', traits }, async () => {
      const bench = await cwmpBench(options);
      const { cpe, clock } = bench;
      // What is lost is the call that matters: that fills rows in, or takes one away.
      const isChange = ({ name }: { readonly name: string }) =>
        name === 'SetParameterValues' || name === 'DeleteObject';
      return {
        driver: { ...bench.driver, traits },
        gateway: bench.gateway,
        addresses: {
          4: { device: '192.168.1.2', server: '203.0.113.10' },
          6: { device: '2001:db8:100::2', server: '2001:db8:1::10' },
        },
        refusedWishes: [
          { what: 'a device of another network', family: 4, spoil: to('192.168.2.2'), code: 'gateway-refused' },
        ],
        now: () => clock.now(),
        pass: (ms) => clock.pass(ms),
        loseNextAnswer: () => cpe.ambush(isChange, { kind: 'lose-answer' }),
        loseNextRequest: () => cpe.ambush(isChange, { kind: 'lose-request' }),
        async makeForeign() {
          const path = cpe.addForeign(householdRow);
          const look = () => JSON.stringify(cpe.mappings.filter((each) => each.path === path));
          const before = look();
          return async () => look() === before;
        },
        [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
      };
    }),
  );
}
