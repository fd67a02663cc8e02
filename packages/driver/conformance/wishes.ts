import type { ConfigurationChange, Family, Opening, Outcome, StreamType } from '@sluice/model';
import type { Driver, GatewaySession } from '../index.ts';
import type { ConformanceBench } from './bench.ts';

/** An opening that the gateway on the bench grants. `n` makes ids, ports and remotes differ. */
export function wish<Step>(
  bench: ConformanceBench<Step>,
  family: Family,
  n: number,
  streamType: StreamType = 'udp',
): Opening {
  const addresses = bench.addresses[family];
  if (!addresses) throw new Error(`the bench has no addresses for IPv${family}`);
  const localPort = 5000 + n;
  return {
    id: `c${family}-${n}`,
    streamType,
    remote: { address: addresses.server, port: 7000 + n },
    local: { address: addresses.device, port: localPort },
    ...(family === 6 && { globalPort: localPort }),
    until: bench.now() + 60_000,
  };
}

/** A change with only what is named in it. */
export function changeOf<Step>(
  bench: ConformanceBench<Step>,
  parts: Partial<Omit<ConfigurationChange, 'gateway'>>,
): ConfigurationChange {
  return { gateway: bench.gateway, open: [], renew: [], close: [], ...parts };
}

/** Plans a change and does its steps in order, up to the first that is not applied. */
export async function carryOut<Step>(
  bench: ConformanceBench<Step>,
  session: GatewaySession<Step>,
  parts: Partial<Omit<ConfigurationChange, 'gateway'>>,
  signal: AbortSignal = AbortSignal.timeout(5_000),
): Promise<Outcome> {
  const granted = [];
  for (const step of planSteps(bench.driver, changeOf(bench, parts), bench.now())) {
    const outcome = await session.apply(step, signal);
    if (outcome.kind !== 'applied') return outcome;
    granted.push(...outcome.granted);
  }
  return { kind: 'applied', granted };
}

function planSteps<Step>(driver: Driver<Step>, change: ConfigurationChange, now: number): readonly Step[] {
  return driver.plan(change, undefined, now).steps;
}
