import assert from 'node:assert/strict';
import type { GrantedOpening } from '@sluice/model';
import type { GatewaySession } from '../index.ts';
import { grantedBy, heldBy, onlyGrantOf } from './opening.ts';
import { patience, type Scenario } from './scenario.ts';
import { carryOut, changeOf, traitsOn, wish } from './wishes.ts';

/** What is there, or may be. */
async function idsLeft(session: GatewaySession, believed: readonly GrantedOpening[]): Promise<readonly string[]> {
  const { ours, unsure = [] } = await session.observe(believed, patience());
  return [...ours.map(({ opening }) => opening.id), ...unsure.map(({ id }) => id)];
}

/** What is known after an answer was lost, and what is never touched. */
export const certaintyScenarios: readonly Scenario[] = [
  {
    title: 'a lost answer is unknown, and looking tells that it was done',
    appliesTo: ({ listsWhatItHolds }) => listsWhatItHolds,
    async run(bench, session, family) {
      const open = [wish(bench, family, 1), wish(bench, family, 2)];
      bench.loseNextAnswer();
      const outcome = await carryOut(bench, session, { open }, AbortSignal.timeout(300));
      assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
      // One after another, the first is lost and the second not asked for.
      assert.equal((await heldBy(session)).size, traitsOn(bench, family).atomic ? open.length : 1);
    },
  },
  {
    title: 'a lost request is unknown too, and looking tells that it was not done',
    appliesTo: ({ listsWhatItHolds }) => listsWhatItHolds,
    async run(bench, session, family) {
      bench.loseNextRequest();
      const outcome = await carryOut(bench, session, { open: [wish(bench, family, 1)] }, AbortSignal.timeout(300));
      assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
      assert.equal((await heldBy(session)).size, 0);
    },
  },
  {
    title: 'what was seen after a lost answer can be closed',
    appliesTo: ({ listsWhatItHolds }) => listsWhatItHolds,
    async run(bench, session, family) {
      bench.loseNextAnswer();
      await carryOut(bench, session, { open: [wish(bench, family, 1)] }, AbortSignal.timeout(300));
      const seen = [...(await heldBy(session)).values()];
      assert.equal(seen.length, 1);
      assert.equal((await carryOut(bench, session, { close: seen })).kind, 'applied');
      assert.equal((await heldBy(session)).size, 0);
    },
  },
  {
    title: 'after a lost request or answer, what cannot be looked up is not called gone until it was closed',
    appliesTo: ({ listsWhatItHolds }) => !listsWhatItHolds,
    async run(bench, session, family) {
      for (const [n, lose] of [() => bench.loseNextRequest(), () => bench.loseNextAnswer()].entries()) {
        const asked = { globalPort: 20_000 + n, ...wish(bench, family, n) };
        const { local, globalPort } = asked;
        assert.ok(local.address !== undefined);
        const place = { address: local.address, port: local.port };
        const believed = [{ ...asked, globalPort, local: place, global: place }];
        lose();
        const outcome = await carryOut(bench, session, { open: [asked] }, AbortSignal.timeout(300));
        assert.equal(outcome.kind, 'unknown', JSON.stringify(outcome));
        assert.deepEqual(await idsLeft(session, believed), [asked.id]);
        assert.equal((await carryOut(bench, session, { close: believed })).kind, 'applied');
        assert.deepEqual(await idsLeft(session, believed), []);
      }
    },
  },
  {
    title: "a deadline that has passed before the step does not open anything and is not called 'applied'",
    async run(bench, session, family) {
      const outcome = await carryOut(bench, session, { open: [wish(bench, family, 1)] }, AbortSignal.abort());
      assert.notEqual(outcome.kind, 'applied');
      assert.equal((await heldBy(session)).size, 0);
    },
  },
  {
    title: "others' mappings are left as they are, and are not called ours",
    async run(bench, session, family) {
      const intact = await bench.makeForeign();
      const granted = grantedBy(await carryOut(bench, session, { open: [wish(bench, family, 1)] }));
      const held = await heldBy(session, granted);
      assert.deepEqual([...held.keys()], [granted[0]?.id]);
      await carryOut(bench, session, { renew: granted.map((opening) => ({ opening, until: bench.now() + 90_000 })) });
      await carryOut(bench, session, { close: granted });
      assert.ok(await intact(), 'a mapping of somebody else changed');
    },
  },
  {
    title: 'several steps under way at once do not mix up their answers',
    async run(bench, session, family) {
      const wishes = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => wish(bench, family, n));
      const outcomes = await Promise.all(wishes.map((open) => carryOut(bench, session, { open: [open] })));
      assert.deepEqual(
        outcomes.map((outcome) => onlyGrantOf(outcome).id),
        wishes.map(({ id }) => id),
      );
    },
  },
  {
    title: 'one change may renew, close and open',
    async run(bench, session, family) {
      const first = grantedBy(
        await carryOut(bench, session, { open: [wish(bench, family, 1), wish(bench, family, 2)] }),
      );
      const [kept, ended] = first;
      assert.ok(kept && ended);
      const asked = wish(bench, family, 3);
      const change = {
        renew: [{ opening: kept, until: bench.now() + 90_000 }],
        close: [ended],
        open: [asked],
      };
      const { steps } = bench.driver.plan(changeOf(bench, change), undefined, bench.now());
      for (const step of steps) assert.equal((await session.apply(step, patience())).kind, 'applied');
      assert.deepEqual([...(await heldBy(session, first)).keys()].sort(), [kept.id, asked.id].sort());
    },
  },
];
