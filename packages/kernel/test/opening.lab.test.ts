import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '@sluice/model';
import { type Home, type Path, sharedHome, type Trial } from './home.ts';

const shared = sharedHome('opening');

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`IPv${family}, ${firstSpeaker} first: an opening passes its own packets alone, and nothing when gone`, {
      timeout: 60_000,
    }, async () => {
      const home = shared();
      const path = home.path(family);
      const opening = path.opening('rtp', { payloadType: 96 });
      const { remote, global, local } = path;
      const inward: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
      const outward: Trial = { by: 'tv-1', from: local, to: remote, content: 'rtcp' };

      await nothingPasses(home, [...wrong(home, path), { ...inward }]);
      home.open(opening);
      if (firstSpeaker === 'appliance') await leavesFrom(home, outward, global);
      const arrived = await home.passing(inward);
      assert.equal(arrived.length, 3);
      for (const packet of arrived) {
        assert.deepEqual(packet.to, local);
        assert.deepEqual(packet.from, remote);
      }
      await leavesFrom(home, outward, global);
      await nothingPasses(home, wrong(home, path));
      assert.equal(await home.passed(inward), 3);

      home.close(opening);
      for (let i = 0; i < 5; i++) await nothingPasses(home, [inward, outward]);
      await nothingPasses(home, wrong(home, path));

      home.open(opening);
      assert.equal(await home.passed(inward), 3);
      await leavesFrom(home, outward, global);
    });

async function leavesFrom(home: Home, trial: Trial, global: object): Promise<void> {
  const left = await home.passing(trial);
  assert.equal(left.length, 3);
  for (const packet of left) assert.deepEqual(packet.from, global);
}

async function nothingPasses(home: Home, trials: readonly Trial[]): Promise<void> {
  for (const trial of trials) assert.equal(await home.passed(trial), 0, JSON.stringify(trial));
}

/** Packets that an RTP opening of payload type 96 never lets in, each wrong in one way. */
function wrong(home: Home, path: Path): Trial[] {
  const { remote, global, local, otherServer, stranger, tablet } = path;
  const right: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
  const lan = home.path(4);
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
    { by: 'media', from: lan.remote, to: { ...lan.local, port: local.port }, content: 'rtp' },
  ];
}
