import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traitsFor } from '@sluice/model';
import type { Driver } from '../index.ts';
import type { ConformanceBench } from './bench.ts';
import { certaintyScenarios } from './certainty.ts';
import { leaseScenarios } from './lease.ts';
import { openingScenarios } from './opening.ts';
import { portScenarios } from './ports.ts';
import { patience, type Scenario } from './scenario.ts';

export type { BenchAddresses, ConformanceBench, RefusedWish } from './bench.ts';

const scenarios: readonly Scenario[] = [
  ...openingScenarios,
  ...leaseScenarios,
  ...portScenarios,
  ...certaintyScenarios,
];

/**
 * Registers, with node:test, what every driver must hold, for each family of its traits. `openBench` makes a fresh
 * gateway each time. A scenario that the traits rule out is skipped, and says why.
 */
export function driverConformance<Step>(
  driver: Pick<Driver, 'type' | 'traits'> & {
    /** Which of several kinds of gateway of this type it is. */
    readonly kind?: string;
  },
  openBench: () => Promise<ConformanceBench<Step>>,
): void {
  const name = driver.kind === undefined ? driver.type : `${driver.type} (${driver.kind})`;
  for (const family of driver.traits.families) {
    for (const scenario of scenarios) {
      if (scenario.families?.includes(family) === false) continue;
      if (scenario.appliesTo?.(traitsFor(driver.traits, family)) === false) continue;
      test(`${name}, IPv${family}: ${scenario.title}`, async (t) => {
        await using bench = erase(await openBench());
        const reason = scenario.skip?.(bench, family);
        if (reason !== undefined) return t.skip(reason);
        await using session = await bench.driver.connect(bench.gateway, patience());
        await scenario.run(bench, session, family);
      });
    }
  }
  test(`${name}: the addresses it reports fit the bench`, async () => {
    await using bench = await openBench();
    await using session = await bench.driver.connect(bench.gateway, patience());
    const { global, local, own } = await session.addresses(patience());
    assert.ok(local.length > 0, 'no network of the home');
    assert.ok(own.length > 0, 'no address of the gateway inside the home');
    assert.ok(!driver.traits.families.includes(4) || global.length > 0, 'no global address');
  });
}

/** Scenarios hand steps from plan to apply unseen, so their type does not matter to them. */
function erase<Step>(bench: ConformanceBench<Step>): ConformanceBench<unknown> {
  return bench as unknown as ConformanceBench<unknown>;
}
