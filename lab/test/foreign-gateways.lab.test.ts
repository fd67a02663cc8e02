import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { cwmpRow, type GatewayRow, gatewayRows } from '../gateway-rows.ts';
import { holdOnce } from '../once/session.ts';
import { view } from '../once/viewer.ts';
import { apiOf } from '../parts.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };
/** What each kind holds, as its verdict must say. */
const held: Readonly<Record<string, readonly string[]>> = {
  igd: ['remoteAddress', 'lease'],
  pcp: ['lease'],
  'nat-pmp': ['lease'],
  cwmp: ['remoteAddress', 'lease', 'narrowingOverRestart'],
};

const rows: readonly (readonly [name: string, row: GatewayRow])[] = [
  ...gatewayRows.map((row) => [row.type, row] as const),
  ['cwmp with TR-098', cwmpRow('tr-098')],
];

for (const [name, row] of rows) {
  test(
    `${name}: the film arrives, what the verdict names may come in besides, and the home is closed again`,
    limit,
    async (t) => {
      await using home = await deployedHome(`of-${row.type.slice(0, 3)}`, {}, t.signal, row);
      const begun = performance.now();
      const stopwatch = () => performance.now() - begun;
      const report = await holdOnce(home, { contentId: 'film', family: 4, stopwatch }, t.signal);
      assert.deepEqual(report.reasons, []);
      assert.equal(report.verdict, 'pass');
      assert.equal(report.streams.length, 5);
      const holds = Object.entries(report.held ?? {}).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
      assert.deepEqual(holds.toSorted(), [...(held[row.type] ?? [])].toSorted());
      assert.ok((report.heldNotes?.length ?? 0) >= 7 - holds.length, 'a sentence for each that is not held');
      const elsewhere = holds.includes('remoteAddress') ? 'not-seen' : 'seen';
      // Where the appliance speaks to the gateway, packets are sent before the verdict.
      const isThroughAppliance = row.communication(home.network, 'gateway-1').through === 'appliance';
      const checked = { fromServer: 'seen', fromOtherPort: 'seen', fromElsewhere: elsewhere };
      assert.deepEqual(report.checked, isThroughAppliance ? checked : undefined);
      // Named is not enough: what is named has to have been seen, or the verdict says less than it knows.
      const shown = (report.remarks ?? []).join('\n');
      for (const name of ['remotePort', 'streamType', 'revokeStopsRunning'])
        assert.match(shown, new RegExp(`^${name} `, 'm'));
    },
  );

  test(`${name}: a gateway that lost power has its openings put back, and the session goes on`, limit, async (t) => {
    const overrides = {
      'media-server': { filmSeconds: 60 },
      'configuration-server': { leases: { provisionalSeconds: 5, fullSeconds: 8 } },
    };
    await using home = await deployedHome(`back-${row.type.slice(0, 3)}`, overrides, t.signal, row);
    const gateway = home.foreign('gateway-1');
    assert.ok(gateway);
    await using viewing = await view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, t.signal);
    await viewing.open;
    await viewing.arrived(['video', 'audio']);
    // A gateway may renew by taking a rule out and putting it back, so all five are not there at every moment.
    const untilAll = async () => {
      while ((await gateway.openings(t.signal)) < 5) await setTimeout(100, undefined, { signal: t.signal });
    };
    await untilAll();
    await gateway.reboot(t.signal);
    await untilAll();
    const sessions = await home.operator.ask(
      'GET',
      `${apiOf(home.network)}/v1/sessions?state=open`,
      undefined,
      t.signal,
    );
    assert.equal((sessions.body as { sessions: unknown[] }).sessions.length, 1);
  });
}

test(
  'a gateway that lets anyone in is refused where the policy does not name that, and nothing stays',
  limit,
  async (t) => {
    const row = gatewayRows.find(({ type }) => type === 'pcp');
    assert.ok(row);
    const { weaker: _, ...strict } = row;
    await using home = await deployedHome('strict', {}, t.signal, strict);
    await using viewing = await view(home, { contentId: 'film', family: 4, localPorts, firstSpeaker: {} }, t.signal);
    const result = await viewing.result;
    assert.equal(result.verdict, 'fail');
    assert.match(result.reasons.join(), /anyone may send to the open ports.*\(remoteAddress\)/);
    assert.equal(await home.foreign('gateway-1')?.openings(t.signal), 0);
  },
);
