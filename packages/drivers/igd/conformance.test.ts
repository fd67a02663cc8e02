import { type ConformanceBench, driverConformance, type RefusedWish } from '@sluice/driver/conformance';
import { VirtualClock } from '@sluice/io';
import type { PortControlStep } from '@sluice/port-control';
import { igdDriver, igdTraits } from './index.ts';
import { loopbackGateways } from './test/loopback-gateway.ts';
import { SimulatedIgd } from './test/simulated-igd.ts';
import type { Departures } from './test/simulated-tables.ts';

const to = (address: string) => (opening: Parameters<RefusedWish['spoil']>[0]) => ({
  ...opening,
  local: { ...opening.local, address },
});

const refusedWishes: readonly RefusedWish[] = [
  { what: 'the gateway itself', family: 4, spoil: to('192.168.1.1'), code: 'target-is-gateway' },
  { what: "the gateway's global address", family: 4, spoil: to('203.0.113.1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 4, spoil: to('192.168.2.2'), code: 'local-address-outside-home' },
  { what: 'a multicast address', family: 4, spoil: to('224.0.0.251'), code: 'address-not-unicast' },
  { what: 'an address of the other version', family: 4, spoil: to('2001:db8:100::2'), code: 'path-mismatch' },
  { what: 'another device than the one that asks', family: 4, spoil: to('192.168.1.9'), code: 'gateway-refused' },
  {
    what: 'no device',
    family: 4,
    spoil: ({ local: { port }, ...opening }) => ({ ...opening, local: { port } }),
    code: 'local-address-needed',
  },
  { what: 'every port', family: 4, spoil: (opening) => ({ ...opening, globalPort: 0 }), code: 'port-invalid' },
  { what: 'the gateway itself', family: 6, spoil: to('2001:db8:100::1'), code: 'target-is-gateway' },
  { what: 'a device of another network', family: 6, spoil: to('2001:db8:200::2'), code: 'local-address-outside-home' },
  { what: 'another device than the one that asks', family: 6, spoil: to('2001:db8:100::9'), code: 'gateway-refused' },
  {
    what: 'another port outside',
    family: 6,
    spoil: (opening) => ({ ...opening, globalPort: opening.local.port + 1 }),
    code: 'port-invalid',
  },
];

function benchOf(departures: Departures, traits = igdTraits): () => Promise<ConformanceBench<PortControlStep>> {
  return async () => {
    const clock = new VirtualClock();
    const igd = new SimulatedIgd(clock, departures);
    const loopback = await loopbackGateways(clock, [igd]);
    const driver = { ...igdDriver(loopback.ports), traits };
    return {
      driver,
      gateway: { gatewayId: 'home', type: 'igd' as const, communication: {} },
      addresses: {
        4: { device: '192.168.1.2', server: '203.0.113.10' },
        6: { device: '2001:db8:100::2', server: '2001:db8:1::10' },
      },
      refusedWishes,
      now: () => clock.now(),
      pass: (ms: number) => clock.pass(ms),
      loseNextAnswer: () => void igd.mishaps.push({ kind: 'lose-answer' }),
      loseNextRequest: () => void igd.mishaps.push({ kind: 'lose-request' }),
      async makeForeign() {
        igd.tables.add({
          remoteHost: '',
          externalPort: 9_000,
          protocol: 'udp',
          internalPort: 9_000,
          internalClient: '192.168.1.3',
          enabled: true,
          description: 'sluice-s000000000aaaaaaaaaaaa-0',
          leaseSeconds: 3_600,
        });
        const [made] = igd.tables.held;
        return async () => made !== undefined && igd.tables.held.includes(made);
      },
      [Symbol.asyncDispose]: () => loopback[Symbol.asyncDispose](),
    };
  };
}

driverConformance({ type: 'igd', traits: igdTraits }, benchOf({}));

const { ipv6: _, ...version1 } = { ...igdTraits, families: [4] as const, portAgreement: ['propose'] as const };
driverConformance({ type: 'igd' as const, traits: version1 }, benchOf({ version: 1, noFirewall: true }, version1));
