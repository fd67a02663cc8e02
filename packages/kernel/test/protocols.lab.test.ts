import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, Family } from '@sluice/model';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('protocol');

const bare = ({ address }: Endpoint): Endpoint => ({ address, port: 0 });
const initAck = { chunk: 'init-ack', tag: 1, initiateTag: 2 } as const;

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const) {
    test(`IPv${family}, ${firstSpeaker} first: SCTP from a named server and port, and nothing else`, {
      timeout: 60_000,
    }, async () => {
      const home = shared();
      const path = home.path(family);
      const { remote, global, local, otherServer, tablet, stranger } = path;
      const opening = path.opening('sctp');
      const inward: Trial = { by: 'media', transport: 'sctp', from: remote, to: global };
      const outward: Trial = { by: 'tv-1', transport: 'sctp', from: local, to: remote };
      const wrong: Trial[] = [
        { ...inward, from: { ...remote, address: otherServer } },
        { ...inward, from: { ...remote, port: remote.port + 1 } },
        { ...inward, by: 'stranger', from: { ...remote, address: stranger } },
        { ...inward, to: { ...global, port: global.port + 1 } },
        { ...inward, to: { ...local, address: tablet } },
        { ...inward, transport: 'udp' },
        { ...inward, transport: 'tcp' },
        { ...inward, transport: 'esp', from: bare(remote), to: bare(global) },
        // An association does not begin so.
        { ...inward, sctp: initAck, from: { ...remote, port: remote.port + 2 } },
      ];
      const nothing = async (trials: readonly Trial[]) => {
        for (const trial of trials) assert.equal(await home.passed(trial), 0, JSON.stringify(trial));
      };
      await nothing([inward, ...wrong]);
      home.open(opening);
      const [first, answer] = firstSpeaker === 'server' ? [inward, outward] : [outward, inward];
      for (const trial of [first, { ...answer, sctp: initAck }]) {
        const arrived = await home.passing(trial);
        assert.equal(arrived.length, 3, JSON.stringify(trial));
        for (const { from, to } of arrived)
          assert.deepEqual([from, to], trial.by === 'media' ? [remote, local] : [global, remote]);
      }
      await nothing(wrong);
      assert.ok((home.plane.look([opening])[0]?.packets ?? 0) >= 6);
      home.close(opening);
      await nothing([inward, outward, { ...answer, sctp: initAck }, ...wrong]);
      home.open(opening);
      assert.equal(await home.passed(first), 3);
    });

    test(`IPv${family}, ${firstSpeaker} first: ESP from a named peer to one device, and nothing else`, {
      timeout: 60_000,
    }, async () => {
      const home = shared();
      const path = home.path(family);
      const { otherServer, stranger, tablet } = path;
      const [remote, global, local] = [path.remote, path.global, path.local].map(bare);
      assert.ok(remote && global && local);
      const opening = path.opening('esp', { remote: { address: remote.address }, global, local });
      const inward: Trial = { by: 'media', transport: 'esp', from: remote, to: global };
      const outward: Trial = { by: 'tv-1', transport: 'esp', from: local, to: remote };
      const wrong: Trial[] = [
        { ...inward, from: { ...remote, address: otherServer } },
        { ...inward, by: 'stranger', from: { ...remote, address: stranger } },
        { ...inward, transport: 'udp', from: { ...remote, port: 4500 }, to: { ...global, port: 4500 } },
        { ...inward, transport: 'sctp', from: path.remote, to: path.global },
        ...(family === 6 ? [{ ...inward, to: { ...local, address: tablet } }] : []),
      ];
      const nothing = async (trials: readonly Trial[]) => {
        for (const trial of trials) assert.equal(await home.passed(trial), 0, JSON.stringify(trial));
      };
      await nothing([inward, ...wrong]);
      home.open(opening);
      for (const trial of firstSpeaker === 'server' ? [inward, outward] : [outward, inward]) {
        const arrived = await home.passing(trial);
        assert.equal(arrived.length, 3, JSON.stringify(trial));
        for (const { from, to } of arrived)
          assert.deepEqual([from, to], trial.by === 'media' ? [remote, local] : [global, remote]);
      }
      await nothing(wrong);
      assert.deepEqual(home.plane.read().find(({ streamType }) => streamType === 'esp')?.local, local);
      assert.equal(home.plane.look([opening])[0]?.packets, 6);
      home.close(opening);
      await nothing([inward, outward, ...wrong]);
      home.open(opening);
      assert.equal(await home.passed(inward), 3);
      assert.equal(await home.passed(outward), 3);
      home.close(opening);
    });
  }

test("ESP that the device sent before the opening comes under it; another device's does not stand in its way", {
  timeout: 60_000,
}, async () => {
  const home = shared();
  const path = home.path(4);
  const peer = bare({ ...path.remote, address: path.otherServer });
  const [global, local] = [bare(path.global), bare(path.local)];
  const outward: Trial = { by: 'tv-1', transport: 'esp', from: local, to: peer };
  assert.equal(await home.passed(outward), 3);
  const opening = path.opening('esp', { remote: { address: peer.address }, global, local });
  home.open(opening);
  const inward: Trial = { by: 'media', transport: 'esp', from: peer, to: global };
  assert.equal(await home.passed(inward), 3);
  assert.equal(await home.passed(outward), 3);
  home.close(opening);
  assert.equal(await home.passed(inward), 0);
  assert.equal(await home.passed(outward), 0);
});

test("the home's own SCTP leaves from no port of an opening, and is answered", { timeout: 60_000 }, async () => {
  const home = shared();
  const { remote, local } = home.path(4);
  const trial: Trial = { by: 'tv-1', transport: 'sctp', from: { ...local, port: 20_001 }, to: remote };
  const [left] = await home.passing(trial);
  assert.ok(left && 'port' in left.from);
  assert.ok(home.isOrdinary(left.from.port));
  assert.equal(await home.passed({ by: 'media', transport: 'sctp', from: remote, to: left.from, sctp: initAck }), 3);
});
