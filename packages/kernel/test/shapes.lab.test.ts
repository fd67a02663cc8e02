import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '@sluice/model';
import type { KernelOpening } from '../index.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('shapes');

/** A remote endpoint of each shape, and which of four senders it lets in: same, other port, other address, both. */
const shapes = [
  ['address and port', (remote: Required<KernelOpening['remote']>) => remote, [true, false, false, false]],
  ['address', ({ address }: Required<KernelOpening['remote']>) => ({ address }), [true, true, false, false]],
  ['port', ({ port }: Required<KernelOpening['remote']>) => ({ port }), [true, false, true, false]],
  ['neither', () => ({}), [true, true, true, true]],
] as const;

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    for (const [shape, remoteOf, admitted] of shapes)
      test(`IPv${family}, ${firstSpeaker} first: an opening for remotes of known ${shape}`, {
        timeout: 60_000,
      }, async () => {
        const home = shared();
        const path = home.path(family);
        const { remote, global, local, otherServer } = path;
        const opening = path.opening('rtp', { payloadType: 96, remote: remoteOf(remote) });
        const senders = [
          remote,
          { ...remote, port: remote.port + 1 },
          { ...remote, address: otherServer },
          { address: otherServer, port: remote.port + 1 },
        ];
        const inward = senders.map((from): Trial => ({ by: 'media', from, to: global, content: 'rtp' }));
        const outward = senders.map((to): Trial => ({ by: 'tv-1', from: local, to }));
        const expectOpen = async () => {
          for (const [index, pass] of admitted.entries()) {
            const [coming, going] = [inward[index], outward[index]];
            assert.ok(coming && going);
            if (pass && firstSpeaker === 'appliance') await leaves(going);
            assert.equal(await home.passed(coming), pass ? 3 : 0, JSON.stringify(coming.from));
            assert.equal(await home.passed({ ...coming, content: 'noise' }), 0, JSON.stringify(coming.from));
            if (pass) await leaves(going);
          }
        };
        const leaves = async (going: Trial) => {
          const left = await home.passing(going);
          assert.equal(left.length, 3);
          for (const packet of left) assert.deepEqual(packet.from, global);
        };
        home.open(opening);
        await expectOpen();
        home.close(opening);
        for (const [index, pass] of admitted.entries()) {
          const [coming, going] = [inward[index], outward[index]];
          assert.ok(coming && going);
          assert.equal(await home.passed(coming), 0);
          if (pass) assert.equal(await home.passed(going), 0);
        }
        // Its flows still run; opened again they pass again.
        home.open(opening);
        await expectOpen();
        home.close(opening);
      });
