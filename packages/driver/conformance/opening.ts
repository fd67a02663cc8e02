import assert from 'node:assert/strict';
import {
  type Family,
  type GrantedOpening,
  type Opening,
  type Outcome,
  type PromiseName,
  streamTypes,
  transportOf,
} from '@sluice/model';
import type { GatewaySession } from '../index.ts';
import type { ConformanceBench } from './bench.ts';
import { patience, type Scenario } from './scenario.ts';
import { carryOut, changeOf, isTranslated, lackingOf, traitsOn, wish } from './wishes.ts';

/** What was granted; fails where the outcome is another. */
export function grantedBy(outcome: Outcome): readonly GrantedOpening[] {
  assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
  return outcome.kind === 'applied' ? outcome.granted : [];
}

/** The one opening that was granted. */
export function onlyGrantOf(outcome: Outcome): GrantedOpening {
  const [first, ...others] = grantedBy(outcome);
  assert.equal(others.length, 0);
  assert.ok(first);
  return first;
}

/** What the gateway holds of ours now, by id. */
export async function heldBy(
  session: GatewaySession,
  believed: readonly GrantedOpening[] = [],
): Promise<Map<string, GrantedOpening>> {
  const observed = await session.observe(believed, patience());
  return new Map(observed.ours.map(({ opening }) => [opening.id, opening]));
}

const ofOpening: readonly PromiseName[] = ['remoteAddress', 'remotePort', 'streamType'];

/** Openings that ask for one thing that the type cannot do, and may not lack it. */
function strictWishes(bench: ConformanceBench<unknown>, family: Family) {
  const lacking = lackingOf(traitsOn(bench, family));
  return ofOpening
    .filter((name) => lacking.includes(name))
    .map((name, index) => ({
      what: name,
      opening: {
        ...wish(bench, family, 40 + index, name === 'streamType' ? 'rtp' : 'udp'),
        mayLack: lacking.filter((other) => other !== name),
      },
    }));
}

const noRefusedWish: Scenario['skip'] = ({ refusedWishes }, family) =>
  refusedWishes.some((refused) => refused.family === family) ? undefined : 'the bench knows no refused wish';

/** Opening, closing, and what stays when one of several is refused. */
export const openingScenarios: readonly Scenario[] = [
  {
    title: 'an opening holds exactly what was asked',
    async run(bench, session, family) {
      const asked = wish(bench, family, 1);
      const granted = onlyGrantOf(await carryOut(bench, session, { open: [asked] }));
      assert.equal(granted.id, asked.id);
      assert.deepEqual(granted.local, asked.local);
      assert.deepEqual(granted.remote, asked.remote);
      assert.equal(granted.global.port, granted.globalPort);
      if (!isTranslated(bench, family)) assert.deepEqual(granted.global, granted.local);
      const held = (await heldBy(session, [granted])).get(asked.id);
      assert.ok(held, 'the gateway does not hold it');
      for (const member of ['streamType', 'remote', 'global', 'globalPort', 'local'] as const)
        assert.deepEqual(held[member], granted[member], member);
    },
  },
  {
    title: 'every stream type is kept, with the payload type of RTP',
    appliesTo: ({ streamTypes }) => streamTypes,
    async run(bench, session, family) {
      const { protocols = [] } = traitsOn(bench, family);
      const kept = streamTypes.filter((type) => (type !== 'sctp' && type !== 'esp') || protocols.includes(type));
      const open = kept.map((type, index) => ({
        ...wish(bench, family, 10 + index, type),
        ...(type === 'rtp' && { payloadType: 96 }),
      }));
      const granted = grantedBy(await carryOut(bench, session, { open }));
      const held = await heldBy(session, granted);
      for (const opening of open) {
        assert.equal(held.get(opening.id)?.streamType, opening.streamType);
        assert.equal(held.get(opening.id)?.payloadType, opening.payloadType);
        assert.equal(held.get(opening.id)?.local.port, opening.local.port);
      }
      const closed = await carryOut(bench, session, { close: granted });
      assert.equal(closed.kind, 'applied');
      assert.equal((await heldBy(session, granted)).size, 0);
    },
  },
  {
    title: 'several openings of a change are granted in its order',
    async run(bench, session, family) {
      const open = [1, 2, 3, 4, 5].map((n) => wish(bench, family, n, n === 5 ? 'tcp' : 'udp'));
      const granted = grantedBy(await carryOut(bench, session, { open }));
      assert.deepEqual(
        granted.map(({ id }) => id),
        open.map(({ id }) => id),
      );
      const globals = granted.map(
        ({ global, streamType }) => `${transportOf(streamType)} ${global.address} ${global.port}`,
      );
      assert.equal(new Set(globals).size, open.length, 'two openings share a global port');
    },
  },
  {
    title: 'a refused opening says why, and leaves nothing',
    async run(bench, session, family) {
      const wishes = bench.refusedWishes.filter((refused) => refused.family === family);
      for (const [index, refused] of wishes.entries()) {
        const outcome = await carryOut(bench, session, { open: [refused.spoil(wish(bench, family, 20 + index))] });
        assert.equal(outcome.kind, 'refused', `${refused.what}: ${JSON.stringify(outcome)}`);
        if (outcome.kind !== 'refused') continue;
        assert.equal(outcome.refusal.code, refused.code, `${refused.what}: ${outcome.refusal.message}`);
        assert.ok(outcome.refusal.message.length > 10, 'a refusal has a sentence');
      }
      assert.equal((await heldBy(session)).size, 0);
    },
    skip: noRefusedWish,
  },
  {
    title: 'what the type cannot hold is refused where an opening may not lack it, and leaves nothing',
    appliesTo: (traits) => lackingOf(traits).some((name) => ofOpening.includes(name)),
    async run(bench, session, family) {
      for (const { what, opening } of strictWishes(bench, family)) {
        const outcome = await carryOut(bench, session, { open: [opening] });
        assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'cannot-hold', `${what}: ${outcome.kind}`);
      }
      assert.equal((await heldBy(session)).size, 0);
    },
  },
  {
    title: 'one refused opening among five leaves none, and is named',
    skip: noRefusedWish,
    async run(bench, session, family) {
      const spoiled = bench.refusedWishes.find((refused) => refused.family === family);
      assert.ok(spoiled);
      for (const bad of [0, 2, 4]) {
        const open: Opening[] = [0, 1, 2, 3, 4].map((n) => {
          const fine = wish(bench, family, 30 + 10 * bad + n);
          return n === bad ? spoiled.spoil(fine) : fine;
        });
        const outcome: Outcome = await carryOut(bench, session, { open });
        assert.equal(outcome.kind, 'refused', JSON.stringify(outcome));
        if (outcome.kind === 'refused') assert.equal(outcome.refusal.subject, open[bad]?.id);
        assert.equal((await heldBy(session)).size, 0, `held after number ${bad} was refused`);
      }
    },
  },
  {
    title: 'all openings of one change travel in one step',
    appliesTo: ({ atomic }) => atomic,
    async run(bench, _session, family) {
      const open = [1, 2, 3, 4, 5].map((n) => wish(bench, family, n));
      const { steps } = bench.driver.plan(changeOf(bench, { open }), undefined, bench.now());
      assert.equal(steps.length, 1);
    },
  },
  {
    title: 'a plan is a value: the same for the same change, and empty for none',
    async run(bench, _session, family) {
      const change = changeOf(bench, { open: [wish(bench, family, 1)] });
      const now = bench.now();
      assert.deepEqual(bench.driver.plan(change, undefined, now), bench.driver.plan(change, undefined, now));
      assert.deepEqual(bench.driver.plan(changeOf(bench, {}), undefined, now).steps, []);
    },
  },
  {
    title: 'a closed opening is gone, its neighbour stays, and closing again is harmless',
    async run(bench, session, family) {
      const open = [wish(bench, family, 1), wish(bench, family, 2)];
      const [first, second] = grantedBy(await carryOut(bench, session, { open }));
      assert.ok(first && second);
      for (const time of ['first', 'second']) {
        const outcome: Outcome = await carryOut(bench, session, { close: [first] });
        assert.equal(outcome.kind, 'applied', `${time} close: ${JSON.stringify(outcome)}`);
        assert.deepEqual([...(await heldBy(session, [first, second])).keys()], [second.id]);
      }
    },
  },
  {
    title: 'closing several of which some are gone already closes the others',
    async run(bench, session, family) {
      const open = [1, 2, 3].map((n) => wish(bench, family, n));
      const granted = grantedBy(await carryOut(bench, session, { open }));
      const [, second] = granted;
      assert.ok(second);
      await carryOut(bench, session, { close: [second] });
      const outcome: Outcome = await carryOut(bench, session, { close: granted });
      assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
      assert.deepEqual([...(await heldBy(session, granted)).keys()], []);
    },
  },
  {
    title: 'asking for an opening again with its id leaves one, as it was',
    async run(bench, session, family) {
      const asked = wish(bench, family, 1);
      const granted = onlyGrantOf(await carryOut(bench, session, { open: [asked] }));
      const before = await heldBy(session, [granted]);
      const again = await carryOut(bench, session, { open: [asked] });
      assert.notEqual(again.kind, 'unknown');
      if (again.kind === 'applied') assert.deepEqual(onlyGrantOf(again).global, granted.global);
      const after = await heldBy(session, [granted]);
      assert.deepEqual([...after.keys()], [...before.keys()]);
      assert.deepEqual(after.get(asked.id)?.global, before.get(asked.id)?.global);
      assert.deepEqual(after.get(asked.id)?.local, before.get(asked.id)?.local);
    },
  },
];
