import assert from 'node:assert/strict';
import type { Family, Opening } from '@sluice/model';
import type { ConformanceBench } from './bench.ts';
import { grantedBy, heldBy, onlyGrantOf } from './opening.ts';
import { patience, type Scenario } from './scenario.ts';
import { carryOut, wish } from './wishes.ts';

/** Two openings, or one: the given numbers, as an RTP pair of one port group. */
function pair(bench: ConformanceBench<unknown>, family: Family, n: number): [Opening, Opening] {
  return [
    { ...wish(bench, family, n, 'rtp'), portGroup: { name: `pair-${n}`, offset: 0 } },
    { ...wish(bench, family, n + 1, 'rtcp'), portGroup: { name: `pair-${n}`, offset: 1 } },
  ];
}

// IPv6 has no global port of its own, nor has IPv4 where it is not translated.
const families = [4] as const;

/** The three ways to agree on a global port, and pairs of them. */
const scenarios: readonly Scenario[] = [
  {
    title: 'a global port that is left out is picked and reported',
    families,
    appliesTo: ({ portAgreement }) => portAgreement.includes('pick'),
    async run(bench, session, family) {
      const granted = onlyGrantOf(await carryOut(bench, session, { open: [wish(bench, family, 1)] }));
      assert.ok(granted.globalPort >= 1 && granted.globalPort <= 65_535);
    },
  },
  {
    title: 'a global port that is proposed and free is taken',
    families,
    appliesTo: ({ portAgreement }) => portAgreement.includes('propose'),
    async run(bench, session, family) {
      const picked = onlyGrantOf(await carryOut(bench, session, { open: [wish(bench, family, 1)] }));
      await carryOut(bench, session, { close: [picked] });
      const open = [{ ...wish(bench, family, 2), globalPort: picked.globalPort }];
      assert.equal(onlyGrantOf(await carryOut(bench, session, { open })).globalPort, picked.globalPort);
    },
  },
  {
    title: 'a global port that is taken for the same remote is refused as in use, and the holder stays',
    families,
    appliesTo: ({ portAgreement }) => portAgreement.includes('propose'),
    async run(bench, session, family) {
      const holder = onlyGrantOf(await carryOut(bench, session, { open: [wish(bench, family, 1)] }));
      const rival = { ...wish(bench, family, 2), remote: holder.remote, globalPort: holder.globalPort };
      const outcome = await carryOut(bench, session, { open: [rival] });
      assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'port-in-use', JSON.stringify(outcome));
      assert.deepEqual([...(await heldBy(session, [holder])).keys()], [holder.id]);
    },
  },
  {
    title: 'a port group gets an even global port and the next',
    families,
    appliesTo: ({ portGroups }) => portGroups,
    async run(bench, session, family) {
      const open = [...pair(bench, family, 1), ...pair(bench, family, 3)];
      const granted = grantedBy(await carryOut(bench, session, { open }));
      for (const at of [0, 2]) {
        const even = granted[at]?.globalPort ?? -1;
        assert.equal(even % 2, 0);
        assert.equal(granted[at + 1]?.globalPort, even + 1);
      }
    },
  },
  {
    title: 'ports that are listed as free can be proposed',
    families,
    appliesTo: ({ portAgreement }) => portAgreement.includes('list-free'),
    async run(bench, session, family) {
      assert.ok(session.freePorts, "traits say 'list-free', the session has no freePorts");
      const single = await session.freePorts({ transport: 'tcp', count: 3, paired: false }, patience());
      assert.equal(new Set(single).size, 3);
      const paired = await session.freePorts({ transport: 'udp', count: 4, paired: true }, patience());
      assert.equal(paired.length, 4);
      for (const at of [0, 2]) {
        assert.equal((paired[at] ?? 1) % 2, 0);
        assert.equal(paired[at + 1], (paired[at] ?? 0) + 1);
      }
      const open = paired.map((globalPort, index) => ({ ...wish(bench, family, index), globalPort }));
      const granted = grantedBy(await carryOut(bench, session, { open }));
      assert.deepEqual(
        granted.map(({ globalPort }) => globalPort),
        paired,
      );
    },
  },
];

/** {@link scenarios}, for gateways that have ports to agree on. */
export const portScenarios: readonly Scenario[] = scenarios.map((scenario) => ({
  ...scenario,
  appliesTo: (traits) => traits.translates !== false && scenario.appliesTo?.(traits) !== false,
}));
