import type { Driver } from '@sluice/driver';
import { driverConformance } from '@sluice/driver/conformance';
import { VirtualClock } from '@sluice/io';
import type { OpeningCounters } from '@sluice/model';
import { SimulatedGateway, simulatedDriver, strongTraits } from '../../../packages/control/test/simulated-gateway.ts';
import { OwnRequests } from '../../appliance/gateway/own-requests.ts';
import { appliancePair, deviceAddresses } from '../test/through-appliance.ts';
import { byAppliance } from './driver.ts';

/** As a gateway in a home: one thing at a time, and no way to find a device. */
const traits = {
  ...strongTraits,
  atomic: false,
  findsDevice: false,
  portGroups: false,
  portAgreement: ['pick', 'propose'],
} as const;

driverConformance({ type: 'pcp', traits }, async () => {
  const clock = new VirtualClock();
  const home = new SimulatedGateway(clock, traits, 'box');
  const traffic = new Map<string, OpeningCounters>();
  home.traffic = traffic;
  const requests = new OwnRequests(() => deviceAddresses);
  for (const server of ['203.0.113.10', '2001:db8:1::10'])
    for (const transport of ['tcp', 'udp'] as const)
      requests.ask(
        Array.from({ length: 100 }, (_, a) => a).flatMap((a) =>
          Array.from({ length: 100 }, (_, b) => ({
            transport,
            port: 5000 + a,
            remote: { address: server, port: 7000 + b },
          })),
        ),
      );
  const inHome: Driver = { ...(simulatedDriver([home]) as Driver), type: 'pcp' };
  const pair = appliancePair(clock);
  pair.connect('self::tv-1', requests, [inHome]);
  let foreign = home.foreign;
  return {
    driver: byAppliance({ type: 'pcp', traits }, { links: pair.links, clock, exchangeMs: 3_000 }),
    gateway: { gatewayId: 'box', type: 'pcp', communication: { through: 'appliance', appliance: 'self::tv-1' } },
    addresses: {
      4: { device: '192.168.1.2', server: '203.0.113.10' },
      6: { device: '2001:db8:100::2', server: '2001:db8:1::10' },
    },
    refusedWishes: ([4, 6] as const).map((family) => ({
      what: 'an opening to another device',
      family,
      spoil: (opening) => ({
        ...opening,
        local: { ...opening.local, address: family === 4 ? '192.168.1.3' : '2001:db8:100::3' },
      }),
      code: 'not-asked-for',
    })),
    now: () => clock.now(),
    pass: (ms) => clock.pass(ms),
    loseNextAnswer: () => pair.loseNextAnswer(),
    loseNextRequest: () => pair.loseNextQuestion(),
    carry: ({ id }, packets, bytes) => void traffic.set(id, { packets, bytes }),
    async makeForeign() {
      foreign = ++home.foreign;
      return async () => home.foreign === foreign;
    },
    async [Symbol.asyncDispose]() {},
  };
});
