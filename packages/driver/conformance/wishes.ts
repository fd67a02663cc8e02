import {
  type ConfigurationChange,
  type Family,
  type Opening,
  type Outcome,
  type PromiseName,
  type StreamType,
  type Traits,
  traitsFor,
} from '@sluice/model';
import type { Driver, GatewaySession } from '../index.ts';
import type { ConformanceBench } from './bench.ts';

/** What the type on the bench can express for a family. */
export function traitsOn({ driver }: ConformanceBench<unknown>, family: Family): Traits {
  return traitsFor(driver.traits, family);
}

/** Whether the gateway on the bench translates a family; where not, an opening's global endpoint is its local one. */
export function isTranslated(bench: ConformanceBench<unknown>, family: Family): boolean {
  return family === 4 && traitsOn(bench, family).translates !== false;
}

/** The promises about a single opening that a type does not keep. */
export function lackingOf(traits: Traits): readonly PromiseName[] {
  const kept: Partial<Record<PromiseName, boolean>> = {
    remoteAddress: traits.sourceAddress,
    remotePort: traits.sourcePort,
    streamType: traits.streamTypes,
    lease: traits.lease !== undefined,
    revokeStopsRunning: traits.revokeStopsRunning,
    narrowingOverRestart: traits.keepsNarrowingOverRestart,
    symmetricSource: traits.symmetricSource,
  };
  return (Object.keys(kept) as PromiseName[]).filter((name) => !kept[name]);
}

/** An opening that the gateway on the bench grants. `n` makes ids, ports and remotes differ. */
export function wish(
  bench: ConformanceBench<unknown>,
  family: Family,
  n: number,
  streamType: StreamType = 'udp',
): Opening {
  const addresses = bench.addresses[family];
  if (!addresses) throw new Error(`the bench has no addresses for IPv${family}`);
  // ESP has no ports.
  const port = (number: number) => (streamType === 'esp' ? 0 : number);
  const localPort = port(5000 + n);
  const traits = traitsOn(bench, family);
  const mayLack = lackingOf(traits);
  const translates = isTranslated(bench, family);
  return {
    id: `c${family}-${n}`,
    streamType,
    remote: { address: addresses.server, port: port(7000 + n) },
    local: { address: addresses.device, port: localPort },
    ...(!translates && { globalPort: localPort }),
    ...(translates && !traits.portAgreement.includes('pick') && { globalPort: port(20_000 + n) }),
    until: bench.now() + Math.max(60, traits.lease?.leastSeconds ?? 0) * 1_000,
    ...(mayLack.length > 0 && { mayLack }),
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
