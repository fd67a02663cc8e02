import assert from 'node:assert/strict';
import type { Family } from '@sluice/model';
import type { ConformanceBench } from './bench.ts';
import { grantedBy, heldBy, onlyGrantOf } from './opening.ts';
import { patience, type Scenario } from './scenario.ts';
import { carryOut, traitsOn, wish } from './wishes.ts';

/** Time left on read-back may be rounded by the gateway's unit, whole seconds. */
const roundingMs = 1_500;

const keepsLeases: Scenario['appliesTo'] = ({ lease }) => lease !== undefined;

/** A lease that is short for the type. */
function shortLeaseMs(bench: ConformanceBench<unknown>, family: Family): number {
  return Math.max(5, traitsOn(bench, family).lease?.leastSeconds ?? 0) * 1_000;
}

/** Leases and what they do to openings and their counters. */
export const leaseScenarios: readonly Scenario[] = [
  {
    title: 'an opening ends with its lease, though nobody closes it',
    appliesTo: keepsLeases,
    async run(bench, session, family) {
      const shortMs = shortLeaseMs(bench, family);
      const short = { ...wish(bench, family, 1), until: bench.now() + shortMs };
      const long = { ...wish(bench, family, 2), until: bench.now() + 12 * shortMs };
      const granted = grantedBy(await carryOut(bench, session, { open: [short, long] }));
      await bench.pass(0.6 * shortMs);
      assert.deepEqual([...(await heldBy(session, granted)).keys()].sort(), [short.id, long.id]);
      await bench.pass(0.6 * shortMs);
      assert.deepEqual([...(await heldBy(session, granted)).keys()], [long.id]);
    },
  },
  {
    title: 'a renewal moves the end of what it names and nothing else',
    appliesTo: keepsLeases,
    async run(bench, session, family) {
      const leaseMs = 2 * shortLeaseMs(bench, family);
      const until = bench.now() + leaseMs;
      const open = [
        { ...wish(bench, family, 1), until },
        { ...wish(bench, family, 2), until },
      ];
      const [renewed, other] = grantedBy(await carryOut(bench, session, { open }));
      assert.ok(renewed && other);
      await bench.pass(0.5 * leaseMs);
      const later = bench.now() + 6 * leaseMs;
      const outcome = await carryOut(bench, session, { renew: [{ opening: renewed, until: later }] });
      assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
      const held = await heldBy(session, [renewed, other]);
      assert.ok(Math.abs((held.get(renewed.id)?.until ?? 0) - later) <= roundingMs, 'the renewed end');
      assert.ok(Math.abs((held.get(other.id)?.until ?? 0) - until) <= roundingMs, 'the end of the other');
      await bench.pass(0.6 * leaseMs);
      assert.deepEqual([...(await heldBy(session, [renewed, other])).keys()], [renewed.id]);
    },
  },
  {
    title: 'a renewal of what is gone is refused, not made up',
    appliesTo: keepsLeases,
    async run(bench, session, family) {
      const granted = onlyGrantOf(await carryOut(bench, session, { open: [wish(bench, family, 1)] }));
      await carryOut(bench, session, { close: [granted] });
      const outcome = await carryOut(bench, session, { renew: [{ opening: granted, until: bench.now() + 60_000 }] });
      assert.equal(outcome.kind, 'refused', JSON.stringify(outcome));
      assert.equal((await heldBy(session, [granted])).size, 0);
    },
  },
  {
    title: 'counters count one opening, and a renewal does not reset them',
    skip: (bench) => (bench.carry ? undefined : 'the gateway type tells no counters'),
    async run(bench, session, family) {
      const open = [wish(bench, family, 1), wish(bench, family, 2)];
      const granted = grantedBy(await carryOut(bench, session, { open }));
      const [busy, idle] = granted;
      assert.ok(busy && idle);
      bench.carry?.(busy, 3, 3_600);
      await carryOut(bench, session, { renew: [{ opening: busy, until: bench.now() + 90_000 }] });
      const observed = await session.observe(granted, patience());
      const counters = new Map(observed.ours.map((row) => [row.opening.id, row.counters]));
      assert.deepEqual(counters.get(busy.id), { packets: 3, bytes: 3_600 });
      assert.deepEqual(counters.get(idle.id), { packets: 0, bytes: 0 });
    },
  },
];
