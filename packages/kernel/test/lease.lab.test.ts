import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Family } from '@sluice/model';
import { startOnHost } from '../../../lab/process.ts';
import type { Change } from '../index.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('lease');

const holding = join(import.meta.dirname, 'hold.ts');

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`IPv${family}, ${firstSpeaker} first: the lease ends on time though nobody of ours lives`, {
      timeout: 60_000,
    }, async (t) => {
      const home = shared();
      const path = home.path(family);
      const { remote, global, local } = path;
      const inward: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
      const outward: Trial = { by: 'tv-1', from: local, to: remote };
      const leaseMs = 1500;
      const change: Change = { add: [{ opening: path.opening('rtp'), leaseMs }], renew: [], remove: [] };
      const holder = await startOnHost(
        {
          name: 'holder',
          namespace: home.network.namespace('gateway-1'),
          command: [process.execPath, holding, JSON.stringify(change), home.mode],
        },
        t.signal,
      );
      const began = Date.now();
      holder.kill('SIGKILL');
      await holder.ended;
      if (firstSpeaker === 'appliance') assert.equal(await home.passed(outward), 3);
      assert.equal(await home.passed(inward), 3);
      // The stream goes on, without a pause in which a flow could be forgotten, until the lease is over.
      let lastPassed = began;
      while (Date.now() < began + leaseMs + 200) {
        const sent = Date.now();
        if ((await home.passed(inward, 1)) === 1) lastPassed = sent;
        await setTimeout(10);
      }
      assert.ok(lastPassed <= began + leaseMs + 20, `passed ${lastPassed - began} ms after the lease began`);
      for (let i = 0; i < 5; i++) {
        assert.equal(await home.passed(inward), 0);
        assert.equal(await home.passed(outward), 0);
      }
      assert.deepEqual(home.plane.read(), []);
    });

test('renewals under traffic lose no packet and keep the count', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global } = path;
  const opening = path.opening('rtp');
  home.open(opening, 1000);
  const rounds = 100;
  for (let i = 0; i < rounds; i++) {
    const change: Change = { add: [], renew: [{ opening, leaseMs: 1000 }], remove: [] };
    assert.equal(home.plane.commit(change), undefined);
    assert.equal(await home.passed({ by: 'media', from: remote, to: global, content: 'rtp' }, 2), 2);
  }
  assert.equal(home.plane.look([opening])[0]?.packets, 2 * rounds);
});
