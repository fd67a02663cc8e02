import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { apiOf } from '../configurations.ts';
import type { GatewayRow } from '../foreign/gateway-row.ts';
import { view } from '../once/viewer.ts';
import { deployedHome } from './deployed-home.ts';

const limit = { timeout: 120_000 };
const localPorts = { video: 5000, 'video-rtcp': 5001, audio: 5002, 'audio-rtcp': 5003, subtitles: 5004 };

/** Registers the test in which a foreign gateway loses power during a session. */
export function rebootIsSurvived(name: string, row: GatewayRow): void {
  test(`${name}: a gateway that lost power has its openings put back, and the session goes on`, limit, async (t) => {
    const overrides = {
      'media-server': { filmSeconds: 60 },
      'configuration-server': { leases: { provisionalSeconds: 5, fullSeconds: 8, rareSeconds: 8 } },
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
