import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, Family } from '@sluice/model';
import { encodePacket, type Packet } from '../../../lab/packets/index.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('icmp');

/** An error of the far side about a packet that it got from the home: host unreachable, or packet too big. */
function errorAbout(family: Family, from: Endpoint, to: Endpoint, kind: 'unreachable' | 'too-big') {
  return (token: string): Packet => {
    const original = encodePacket({ transport: 'udp', from, to, payload: Buffer.from(token) });
    const ends = { from: { address: to.address }, to: { address: from.address } };
    const types = { unreachable: family === 4 ? [3, 1] : [1, 0], 'too-big': family === 4 ? [3, 4] : [2, 0] };
    const [type = 0, code = 0] = types[kind];
    const rest = kind === 'too-big' ? 1280 : 0;
    return { transport: 'icmp', ...ends, type, code, rest, payload: original };
  };
}

for (const family of [4, 6] satisfies Family[])
  for (const firstSpeaker of ['server', 'appliance'] as const)
    test(`IPv${family}, ${firstSpeaker} first: errors about an opening's flow come in while it is open`, {
      timeout: 60_000,
    }, async () => {
      const home = shared();
      const path = home.path(family);
      const { remote, global, local } = path;
      const opening = path.opening('rtp', { payloadType: 96 });
      const outward: Trial = { by: 'tv-1', from: local, to: remote };
      const inward: Trial = { by: 'media', from: remote, to: global, content: 'rtp' };
      const errors = async () =>
        (await home.passingPacket('media', errorAbout(family, global, remote, 'unreachable'), 2)).length +
        (await home.passingPacket('media', errorAbout(family, global, remote, 'too-big'), 1)).length;
      assert.equal(await errors(), 0);
      home.open(opening);
      if (firstSpeaker === 'appliance') assert.equal(await home.passed(outward), 3);
      assert.equal(await home.passed(inward), 3);
      assert.equal(await home.passed(outward), 3);
      assert.equal(await errors(), 3);
      home.close(opening);
      assert.equal(await errors(), 0);
    });

test("errors about the household's own flows come in, echo requests do not", { timeout: 60_000 }, async () => {
  const home = shared();
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, local } = path;
    const [left] = await home.passing({ by: 'tv-1', from: { ...local, port: 5555 }, to: remote }, 1);
    assert.ok(left && 'port' in left.from);
    const error = errorAbout(family, left.from, remote, 'unreachable');
    assert.equal((await home.passingPacket('media', error, 1)).length, 1);
    const ends = { from: { address: remote.address }, to: { address: local.address } };
    const type = family === 4 ? 8 : 128;
    const echo = (token: string): Packet => ({
      transport: 'icmp',
      ...ends,
      type,
      code: 0,
      payload: Buffer.from(token),
    });
    assert.equal((await home.passingPacket('media', echo, 1)).length, 0);
  }
});
