import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from '@sluice/driver';
import { driverConformance } from '@sluice/driver/conformance';
import { systemUdp } from '@sluice/io';
import { mishaps } from '../../port-control/test/loopback.ts';
import { natPmpTraits } from '../nat-pmp/index.ts';
import { openNatPmpBench } from '../nat-pmp/test/bench.ts';
import { pcpDriver } from './index.ts';

/** This driver before a gateway that speaks NAT-PMP alone, with ours for that behind it. */
async function openOlderBench() {
  const bench = await openNatPmpBench();
  const { clock, driver: fallBack } = bench;
  const home = () => ({ gateways: [], prefixes: [{ address: '127.0.0.0', length: 8 }] });
  const world = { udp: systemUdp, clock, home, random: () => 0.5, lost: () => {} };
  const secret = Buffer.from('a secret of this appliance');
  const driver = pcpDriver({ ...world, secret, fallBack: fallBack as Driver });
  return { ...bench, driver, gateway: { ...bench.gateway, type: 'pcp' } as const };
}

test('the traits of a gateway that speaks NAT-PMP alone are told by its session', async () => {
  await using bench = await openOlderBench();
  const session = await bench.driver.connect(bench.gateway, AbortSignal.timeout(5_000));
  assert.deepEqual(session.traits, natPmpTraits);
});

// With the traits that its session tells, it is held to all that they promise.
driverConformance({ type: 'pcp', traits: natPmpTraits }, async () => {
  const bench = await openOlderBench();
  const { simulated, server, clock } = bench;
  await bench.driver.connect(bench.gateway, AbortSignal.timeout(5_000));
  return {
    driver: { ...bench.driver, traits: natPmpTraits },
    gateway: bench.gateway,
    addresses: { 4: { device: '127.0.0.1', server: '203.0.113.10' } },
    refusedWishes: [
      {
        what: 'a port of the system',
        family: 4,
        spoil: (opening) => ({ ...opening, local: { ...opening.local, port: 22 } }),
        code: 'gateway-refused',
      },
    ],
    now: () => clock.now(),
    pass: (ms) => clock.pass(ms),
    loseNextAnswer: () => void server.mishaps.push(mishaps.lost),
    loseNextRequest: () => void server.deaf++,
    async makeForeign() {
      const endsAt = clock.now() + 3_600_000;
      const client = '192.168.1.77';
      const foreign = { client, protocol: 'udp', internalPort: 5001, externalPort: 5001, endsAt } as const;
      simulated.mappings.push(foreign);
      return async () => simulated.held.includes(foreign);
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
});
