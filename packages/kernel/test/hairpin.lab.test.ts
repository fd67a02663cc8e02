import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, StreamType } from '@sluice/model';
import { RawSender, rtpPayload, Sniffer } from '../../../lab/packets/index.ts';
import type { KernelOpening } from '../index.ts';
import { type Home, sharedHome } from './home.ts';

const shared = sharedHome('hairpin');

/** Two devices of one home and an opening for each to the other, by the other's global endpoint. */
function pair(home: Home, streamType: StreamType = 'udp') {
  const [one, other] = [home.path(4), home.path(4)];
  const tv = { local: one.local, global: one.global };
  const tablet = { local: { address: other.tablet, port: other.local.port }, global: other.global };
  const toTv: KernelOpening = { streamType, ...tv, remote: tablet.global, inside: tablet.local, tag: 'tv' };
  const toTablet: KernelOpening = { streamType, ...tablet, remote: tv.global, inside: tv.local, tag: 'tablet' };
  return { tv, tablet, toTv, toTablet };
}

let tokens = 0;

/** What of three packets that one device sends comes to the other, as it is there. */
async function between(home: Home, by: 'tv-1' | 'tablet-1', from: Endpoint, to: Endpoint, isRtp = false) {
  const [token, fence] = [`hair-${tokens}-`, `fence-${tokens++}-`];
  const at = by === 'tv-1' ? 'tablet-1' : 'tv-1';
  const namespace = (host: string) => home.network.namespace(host);
  using sender = new RawSender(namespace(by));
  using eye = new Sniffer(namespace(at), 'eth0');
  const payload = isRtp ? rtpPayload(token, { payloadType: 96 }) : Buffer.from(token);
  sender.send({ transport: 'udp', from, to, payload }, 3);
  // Through the gateway, too, and to the other device: it surely arrives, after those.
  using door = new Sniffer(namespace('gateway-1'), 'lan0');
  const own = { address: home.network.address('gateway-1', 4, 'home-1'), port: 9 };
  sender.send({ transport: 'udp', from: { ...from, port: 9 }, to: own, payload: Buffer.from(fence) });
  await door.waitFor(fence, 1, AbortSignal.timeout(5_000));
  using last = new RawSender(namespace('gateway-1'));
  const device = { address: home.network.address(at, 4), port: 9 };
  last.send({ transport: 'udp', from: own, to: device, payload: Buffer.from(`last-${fence}`) });
  await eye.waitFor(`last-${fence}`, 1, AbortSignal.timeout(5_000));
  return eye.received(token);
}

for (const first of ['tv-1', 'tablet-1'] as const)
  test(`${first} first: two devices of one home reach each other by their global endpoints, and are seen as those`, {
    timeout: 60_000,
  }, async () => {
    const home = shared();
    const { tv, tablet, toTv, toTablet } = pair(home);
    const ways = [
      { by: 'tv-1', from: tv, to: tablet },
      { by: 'tablet-1', from: tablet, to: tv },
    ] as const;
    const send = ({ by, from, to }: (typeof ways)[number]) => between(home, by, from.local, to.global);
    for (const way of ways) assert.equal((await send(way)).length, 0);
    home.open(toTv);
    home.open(toTablet);
    const inOrder = first === 'tv-1' ? ways : ways.toReversed();
    for (const way of inOrder) {
      const arrived = await send(way);
      assert.equal(arrived.length, 3, way.by);
      for (const { from, to } of arrived) assert.deepEqual([from, to], [way.from.global, way.to.local]);
    }
    // Another port of the same device, and the same port of the gateway from another device: no opening's.
    for (const { by, from, to } of ways) {
      assert.equal((await between(home, by, { ...from.local, port: 4999 }, to.global)).length, 0);
      assert.equal((await between(home, by, from.local, { ...to.global, port: 21_999 })).length, 0);
    }
    // From outside nobody comes in by them, though a packet bear the gateway's own address.
    for (const { global } of [tv, tablet]) {
      const from = global === tv.global ? tablet.global : tv.global;
      assert.equal(await home.passed({ by: 'media', from, to: global }), 0);
    }
    assert.equal(home.plane.read().filter(({ inside }) => inside).length, 2);
    home.close(toTv);
    home.close(toTablet);
    for (const way of ways) assert.equal((await send(way)).length, 0, 'closed, of a running flow');
    assert.deepEqual(home.plane.read(), []);
  });

test('a hairpin opening is renewed and removed whole', { timeout: 60_000 }, async () => {
  const home = shared();
  const { tv, tablet, toTv } = pair(home);
  home.open(toTv, 5_000);
  const renew = [{ opening: toTv, leaseMs: 60_000 }];
  assert.equal(home.plane.commit({ add: [], renew, remove: [] }), undefined);
  assert.ok((home.plane.look([toTv])[0]?.remainingMs ?? 0) > 50_000);
  const [held] = home.plane.read();
  assert.deepEqual([held?.inside, held?.remote], [tablet.local, tablet.global]);
  assert.equal((await between(home, 'tablet-1', tablet.local, tv.global)).length, 3);
  home.close(held ?? toTv);
  assert.equal((await between(home, 'tablet-1', tablet.local, tv.global)).length, 0);
  // Nothing of it is left in the way of another.
  home.open(toTv);
  home.close(toTv);
});
