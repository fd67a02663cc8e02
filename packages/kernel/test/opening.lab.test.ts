import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '@sluice/model';
import { type Home, openHome, type Trial } from './home.ts';

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`IPv${family}, ${firstSpeaker} first: an opening passes its own packets alone, and nothing when gone`, {
      timeout: 60_000,
    }, async (t) => {
      await using home = await openHome('open', t.signal);
      const opening = home.opening(family, 'rtp', { payloadType: 96 });
      const { remote, global, local } = home.ends(family);
      const inward: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
      const outward: Trial = { by: 'tv-1', from: local, to: remote, content: 'rtcp' };

      await nothingPasses(home, family, [...wrong(home, family), { ...inward }]);
      home.open(opening);
      if (firstSpeaker === 'appliance') await leavesFrom(home, outward, global);
      const arrived = await home.passing(inward);
      assert.equal(arrived.length, 3);
      for (const packet of arrived) {
        assert.deepEqual(packet.to, local);
        assert.deepEqual(packet.from, remote);
      }
      await leavesFrom(home, outward, global);
      await nothingPasses(home, family, wrong(home, family));
      assert.equal(await home.passed(inward), 3);

      home.close(opening);
      for (let i = 0; i < 5; i++) await nothingPasses(home, family, [inward, outward]);
      await nothingPasses(home, family, wrong(home, family));

      home.open(opening);
      assert.equal(await home.passed(inward), 3);
      await leavesFrom(home, outward, global);
    });

async function leavesFrom(home: Home, trial: Trial, global: object): Promise<void> {
  const left = await home.passing(trial);
  assert.equal(left.length, 3);
  for (const packet of left) assert.deepEqual(packet.from, global);
}

async function nothingPasses(home: Home, family: Family, trials: readonly Trial[]): Promise<void> {
  for (const trial of trials) assert.equal(await home.passed(trial), 0, `IPv${family} ${JSON.stringify(trial)}`);
}

/** Packets that an RTP opening of payload type 96 never lets in, each wrong in one way. */
function wrong(home: Home, family: Family): Trial[] {
  const { remote, global, local, otherServer, stranger, tablet } = home.ends(family);
  const right: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
  const lan = home.ends(4);
  return [
    { ...right, from: { address: otherServer, port: remote.port } },
    { ...right, by: 'stranger', from: { address: stranger, port: remote.port } },
    { ...right, from: { address: remote.address, port: remote.port + 1 } },
    { ...right, to: { address: global.address, port: global.port + 1 } },
    { ...right, transport: 'tcp' },
    { ...right, content: 'noise' },
    { ...right, content: 'rtp-97' },
    { ...right, content: 'rtp-v1' },
    { ...right, content: 'rtcp' },
    { ...right, content: 'empty' },
    { ...right, to: { address: tablet, port: local.port } },
    { by: 'media', from: lan.remote, to: lan.local, content: 'rtp' },
  ];
}
