import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Control, openControl } from '@sluice/control';
import type { Driver } from '@sluice/driver';
import { silentLog, systemClock } from '@sluice/io';
import type { ContentRequest } from '@sluice/model';
import { openSqliteStore } from '@sluice/store';
import { filmRequest } from '../packages/control/test/home.ts';
import { SimulatedGateway, simulatedDriver, strongTraits } from '../packages/control/test/simulated-gateway.ts';
import { type Benchmark, describeSpread, spreadOf } from './figures.ts';

const together = 20;
const rounds = 25;
/** What each exchange with a simulated gateway takes, ms; two in a row, the hops' side by side, are the drivers' own time. */
const exchangeMs = 3;

/** Sessions over two gateways in a row, twenty begun at once: what planning, waiting for each other and storing cost. */
export const pathsBenchmark: Benchmark = {
  name: 'paths',
  about: `${together} sessions at once over two hops, simulated gateways that take ${exchangeMs} ms an exchange, storage on disk`,
  async run(say) {
    const one = spreadOf(await openings(1));
    const two = spreadOf(await openings(2));
    say({ name: 'over one hop, beyond the drivers', figure: describeSpread(one, 'ms') });
    say({
      name: 'over two hops, beyond the drivers',
      figure: `${describeSpread(two, 'ms')} (p99 under 50)`,
      holds: two.p99 < 50,
    });
    say({ name: 'two hops against one, at p50', figure: (two.p50 / one.p50).toFixed(2) });
  },
};

/** Milliseconds from the request to its verdict, less the drivers' exchanges. */
async function openings(hops: 1 | 2): Promise<readonly number[]> {
  const directory = await mkdtemp('/var/tmp/sluice-bench-');
  try {
    await using store = await openSqliteStore({ file: join(directory, 'store.db'), log: silentLog });
    const { gateways, innermost } = rowOf(hops);
    await using control: Control = await openControl({
      ...{ store, clock: systemClock, log: silentLog },
      drivers: [slowed(simulatedDriver(gateways))],
    });
    for (const { gateway } of gateways) await control.registrations.putGateway(gateway);
    await control.registrations.putAppliance({ applianceId: 'self::tv-1', gatewayId: innermost });
    const samples: number[] = [];
    const patient = new AbortController().signal;
    for (let round = -2; round < rounds; round++) {
      const open = async (request: ContentRequest) => {
        const began = performance.now();
        const verdict = await control.open(request, patient);
        if (verdict.kind === 'refused') throw new Error(verdict.refusal.message);
        const tookMs = performance.now() - began - 2 * exchangeMs;
        return { tookMs, sessionId: verdict.session.sessionId };
      };
      const opened = await Promise.all(
        Array.from({ length: together }, (_, index) => open(filmRequest(`r${round + 2}-${index}`))),
      );
      // The first rounds warm up.
      if (round >= 0) samples.push(...opened.map(({ tookMs }) => tookMs));
      await Promise.all(opened.map(({ sessionId }) => control.close(sessionId, 'revoked', patient)));
    }
    return samples;
  } finally {
    await rm(directory, { recursive: true });
  }
}

function rowOf(hops: 1 | 2): { readonly gateways: readonly SimulatedGateway[]; readonly innermost: string } {
  const outer = new SimulatedGateway(systemClock, strongTraits, 'self::outer');
  if (hops === 1) return { gateways: [outer], innermost: 'self::outer' };
  outer.addresses = {
    global: ['203.0.113.1'],
    local: [{ address: '10.0.0.0', length: 24 }],
    own: ['10.0.0.1'],
  };
  const inner = new SimulatedGateway(systemClock, strongTraits, 'self::inner');
  inner.addresses = { ...inner.addresses, global: ['10.0.0.2'] };
  inner.gateway = { ...inner.gateway, behind: 'self::outer' };
  return { gateways: [outer, inner], innermost: 'self::inner' };
}

/** The same driver, whose gateways take a while to answer. */
function slowed<Step>(driver: Driver<Step>): Driver<Step> {
  const later = async <T>(act: () => Promise<T>): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, exchangeMs));
    return act();
  };
  return {
    ...driver,
    async connect(gateway, signal) {
      const session = await driver.connect(gateway, signal);
      return {
        ...session,
        addresses: (end) => later(() => session.addresses(end)),
        apply: (step, end) => later(() => session.apply(step, end)),
      };
    },
  };
}
