import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promiseNames } from '@sluice/model';
import type { GatewayRow } from '../foreign/gateway-row.ts';
import { holdOnce } from '../once/session.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 120_000 };
/** What each kind holds, as its verdict must say. */
const held: Readonly<Record<string, readonly string[]>> = {
  igd: ['remoteAddress', 'lease'],
  pcp: ['lease'],
  'nat-pmp': ['lease'],
  'ssh-nft': promiseNames,
  usp: ['remoteAddress', 'remotePort', 'lease'],
  // TR-181 has rules of a chain that narrow a mapping to one port of its remote end; TR-098 has none.
  cwmp: ['remoteAddress', 'remotePort', 'lease', 'narrowingOverRestart'],
  'cwmp with TR-098': ['remoteAddress', 'lease', 'narrowingOverRestart'],
};

/** Registers the test that holds one whole session through a foreign gateway. */
export function filmArrives(name: string, row: GatewayRow): void {
  test(
    `${name}: the film arrives, what the verdict names may come in besides, and the home is closed again`,
    limit,
    async (t) => {
      const promised = held[name] ?? held[row.type] ?? [];
      await using home = await deployedHome(`of-${row.type.slice(0, 3)}`, {}, t.signal, row);
      const begun = performance.now();
      const stopwatch = () => performance.now() - begun;
      const report = await holdOnce(home, { contentId: 'film', family: 4, stopwatch }, t.signal);
      assert.deepEqual(report.reasons, []);
      assert.equal(report.verdict, 'pass');
      assert.equal(report.streams.length, 5);
      const holds = Object.entries(report.held ?? {}).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
      assert.deepEqual(holds.toSorted(), [...promised].toSorted());
      assert.ok(
        (report.heldNotes?.length ?? 0) >= promiseNames.length - holds.length,
        'a sentence for each that is not held',
      );
      const elsewhere = holds.includes('remoteAddress') ? 'not-seen' : 'seen';
      // Where the appliance speaks to the gateway, packets are sent before the verdict.
      const isThroughAppliance = row.communication(home.network, 'gateway-1').through === 'appliance';
      const checked = { fromServer: 'seen', fromOtherPort: 'seen', fromElsewhere: elsewhere };
      assert.deepEqual(report.checked, isThroughAppliance ? checked : undefined);
      // Named is not enough: what is named has to have been seen, or the verdict says less than it knows.
      const shown = (report.remarks ?? []).join('\n');
      const shownWhereLacking = ['remotePort', 'streamType', 'revokeStopsRunning'] as const;
      for (const name of shownWhereLacking.filter((each) => !holds.includes(each)))
        assert.match(shown, new RegExp(`^${name} `, 'm'));
    },
  );
}
