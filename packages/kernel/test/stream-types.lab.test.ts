import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family, StreamType } from '@sluice/model';
import type { Content } from './home.ts';
import { sharedHome } from './home.ts';

const shared = sharedHome('streamty');

const contents: readonly Content[] = ['noise', 'rtp', 'rtp-97', 'rtp-v1', 'rtcp', 'stun', 'dtls', 'empty'];

/** What each stream type lets in. */
const carried: readonly (readonly [StreamType, number | undefined, readonly Content[]])[] = [
  ['udp', undefined, contents],
  ['rtp', undefined, ['rtp', 'rtp-97']],
  ['rtp', 96, ['rtp']],
  ['rtcp', undefined, ['rtcp']],
  ['rtp-mux', undefined, ['rtp', 'rtp-97', 'rtcp', 'stun', 'dtls']],
];

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`IPv${family}, ${firstSpeaker} first: each stream type lets in its own packets alone, and lets everything out`, {
      timeout: 60_000,
    }, async () => {
      const home = shared();
      const path = home.path(family);
      const { remote, global, local } = path;
      const inward = { by: 'media', from: remote, to: global } as const;
      const outward = { by: 'tv-1', from: local, to: remote } as const;
      for (const [streamType, payloadType, allowed] of carried) {
        const name = `${streamType} ${payloadType ?? ''}`;
        const opening = path.opening(streamType, payloadType === undefined ? {} : { payloadType });
        home.open(opening);
        if (firstSpeaker === 'appliance') assert.equal(await home.passed({ ...outward, content: 'noise' }), 3, name);
        let right = firstSpeaker === 'appliance' ? 3 : 0;
        for (const content of contents) {
          const passed = await home.passed({ ...inward, content });
          assert.equal(passed, allowed.includes(content) ? 3 : 0, `${name}: ${content} in`);
          right += passed;
        }
        assert.equal(await home.passed({ ...inward, transport: 'tcp', content: 'rtp' }), 0, name);
        for (const content of contents) {
          assert.equal(await home.passed({ ...outward, content }), 3, `${name}: ${content} out`);
          right += 3;
        }
        // The counter counts what passed, both ways, and nothing that was dropped.
        assert.equal(home.plane.look([opening])[0]?.packets, right, name);
        home.close(opening);
      }
    });

test('an RTP opening tells its payload types apart, marker bit or not', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global } = path;
  for (const payloadType of [0, 33, 96, 127]) {
    const opening = path.opening('rtp', { payloadType });
    home.open(opening);
    for (const sent of [0, 1, 32, 33, 95, 96, 97, 126, 127])
      for (const marker of [false, true]) {
        const passed = await home.passed({ by: 'media', from: remote, to: global, payloadType: sent, marker }, 1);
        assert.equal(passed, sent === payloadType ? 1 : 0, `${sent} on ${payloadType}, marker ${marker}`);
      }
    home.close(opening);
  }
});
