import type { GatewaySession } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import type { ConfigurationChange, Gateway, GrantedOpening, Opening, Outcome } from '@sluice/model';
import type { PortControlStep } from '@sluice/port-control';
import { type IgdDriver, igdDriver } from '../index.ts';
import { type LoopbackGateways, type LoopbackOptions, loopbackGateways } from './loopback-gateway.ts';
import { SimulatedIgd } from './simulated-igd.ts';
import type { Departures } from './simulated-tables.ts';

/** What every opening over UPnP lacks, by its type. */
export const byType = [
  'remotePort',
  'streamType',
  'revokeStopsRunning',
  'narrowingOverRestart',
  'symmetricSource',
] as const;

/** A simulated gateway, a driver that speaks to it, and a clock that the test moves. */
export interface IgdBench extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly igd: SimulatedIgd;
  readonly loopback: LoopbackGateways;
  readonly driver: IgdDriver;
  readonly session: GatewaySession<PortControlStep>;
  planned(parts: Partial<ConfigurationChange>): ConfigurationChange;
  /** As after a restart of the appliance. */
  forget(): Promise<void>;
  wish(n: number, change?: Partial<Opening>): Opening;
  wish6(n: number, change?: Partial<Opening>): Opening;
  change(
    parts: {
      readonly open?: readonly Opening[];
      readonly close?: readonly GrantedOpening[];
      readonly renew?: readonly GrantedOpening[];
    },
    mostMs?: number,
  ): Promise<Outcome>;
}

const gateway: Gateway = { gatewayId: 'home-1', type: 'igd', communication: {} };

export async function openBench(departures: Departures = {}, options: LoopbackOptions = {}): Promise<IgdBench> {
  const clock = new VirtualClock();
  const igd = new SimulatedIgd(clock, departures);
  const loopback = await loopbackGateways(clock, [igd], options);
  let driver = igdDriver(loopback.ports);
  const connect = () => driver.connect(gateway, AbortSignal.timeout(5_000));
  let session = await connect();
  const wish = (n: number, change: Partial<Opening> = {}): Opening => ({
    id: `s000000000aaaaaaaaaaaa-${n}`,
    streamType: 'udp',
    remote: { address: '203.0.113.10', port: 7000 + n },
    local: { address: '192.168.1.2', port: 5000 + n },
    globalPort: 5000 + n,
    until: clock.now() + 60_000,
    mayLack: byType,
    ...change,
  });
  return {
    clock,
    igd,
    loopback,
    get session() {
      return session;
    },
    get driver() {
      return driver;
    },
    planned: (parts) => ({ gateway, open: [], close: [], renew: [], ...parts }),
    async forget() {
      driver = igdDriver(loopback.ports);
      session = await connect();
    },
    wish,
    wish6: (n, change) => ({
      ...wish(n),
      remote: { address: '2001:db8:1::10', port: 7000 + n },
      local: { address: '2001:db8:100::2', port: 5000 + n },
      ...change,
    }),
    async change({ open = [], close = [], renew = [] }, mostMs = 5_000) {
      const until = clock.now() + 120_000;
      const leases = renew.map((opening) => ({ opening, until }));
      const { steps } = driver.plan({ gateway, open, close, renew: leases }, undefined, clock.now());
      let last: Outcome = { kind: 'applied', granted: [] };
      for (const step of steps) {
        last = await session.apply(step, AbortSignal.timeout(mostMs));
        if (last.kind !== 'applied') break;
      }
      return last;
    },
    [Symbol.asyncDispose]: () => loopback[Symbol.asyncDispose](),
  };
}

export const look = () => AbortSignal.timeout(5_000);
