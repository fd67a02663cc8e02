import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Endpoint, Family } from '@sluice/model';
import { inNamespace, Sniffer, tcpConnection, tcpServer, udpSocket } from '../../../lab/packets/index.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('househol');

test('the home reaches out, from no port of an opening, and is answered', { timeout: 60_000 }, async () => {
  const home = shared();
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, local, tablet, stranger } = path;
    for (const [by, address] of [
      ['tv-1', local.address],
      ['tablet-1', tablet],
    ] as const)
      for (const transport of ['udp', 'tcp'] as const) {
        const from = { address, port: 20_000 };
        const [left] = await home.passing({ by, transport, from, to: remote }, 1);
        assert.ok(left && 'port' in left.from);
        if (family === 4) assert.ok(left.from.port >= 32_768);
        else assert.deepEqual(left.from, from);
        const answer: Trial = { by: 'media', transport: 'udp', from: remote, to: left.from };
        if (transport === 'udp') {
          assert.equal(await home.passed(answer), 3);
          // Nobody else answers in its place.
          assert.equal(await home.passed({ ...answer, by: 'stranger', from: { ...remote, address: stranger } }), 0);
          assert.equal(await home.passed({ ...answer, from: { ...remote, port: 7001 } }), 0);
        }
      }
  }
});

test("another device cannot take an opening's global port by speaking first", { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, local, tablet } = path;
  const tries: Trial = { by: 'tablet-1', from: { address: tablet, port: global.port }, to: remote };
  assert.equal(await home.passed(tries), 3);
  home.open(path.opening('udp'));
  assert.equal(await home.passed(tries), 3);
  const arrived = await home.passing({ by: 'media', from: remote, to: global });
  assert.deepEqual(
    arrived.map(({ to }) => to),
    [local, local, local],
  );
});

for (const family of [4, 6] satisfies Family[])
  test(`IPv${family}: a flow that the device began before the opening comes under it`, {
    timeout: 60_000,
  }, async () => {
    const home = shared();
    const path = home.path(family);
    const { remote, global, local } = path;
    const outward: Trial = { by: 'tv-1', from: local, to: remote };
    const [early] = await home.passing(outward, 1);
    assert.ok(early && 'port' in early.from);
    // Ordinary so far: answers of any kind come in.
    assert.equal(await home.passed({ by: 'media', from: remote, to: early.from }), 3);
    const opening = path.opening('rtp');
    home.open(opening);
    if (family === 4) assert.equal(await home.passed({ by: 'media', from: remote, to: early.from }), 0);
    const arrived = await home.passing({ by: 'media', from: remote, to: global, content: 'rtp' });
    // The server's own port, not one made up to tell two flows apart.
    assert.deepEqual(
      arrived.map(({ from }) => from),
      [remote, remote, remote],
    );
    assert.equal(await home.passed({ by: 'media', from: remote, to: global }), 0);
    const left = await home.passing(outward);
    assert.deepEqual(
      left.map(({ from }) => from),
      [global, global, global],
    );
    home.close(opening);
    assert.equal(await home.passed({ by: 'media', from: remote, to: global, content: 'rtp' }), 0);
    assert.equal(await home.passed(outward), 0);
  });

test('both ends at once: what each sends first meets', { timeout: 60_000 }, async () => {
  const home = shared();
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, global, local } = path;
    home.open(path.opening('udp'));
    for (let i = 0; i < 5; i++) {
      const [left] = await home.passing({ by: 'tv-1', from: local, to: remote }, 1);
      const [arrived] = await home.passing({ by: 'media', from: remote, to: global }, 1);
      assert.deepEqual(left?.from, global);
      assert.deepEqual(arrived?.to, local);
    }
  }
});

test('an opening that points at the gateway itself opens nothing', { timeout: 60_000 }, async (t) => {
  const home = shared();
  const gateway = home.network.namespace('gateway-1');
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, global } = path;
    const own: Endpoint = { address: home.network.address('gateway-1', family, 'home-1'), port: 4000 };
    const opening = path.opening('udp', { local: own, global: family === 4 ? global : own });
    home.open(opening);
    const socket = udpSocket(gateway, own);
    t.after(() => socket.close());
    const heard: string[] = [];
    socket.on('message', (message) => heard.push(String(message)));
    // The gateway hears its home; the same packet from outside does not get in.
    assert.equal(await home.passed({ by: 'media', from: remote, to: opening.global }), 0);
    const device = { address: home.path(family).local.address, port: 4001 };
    const inside = udpSocket(home.network.namespace('tv-1'), device);
    t.after(() => inside.close());
    inside.send('from inside', own.port, own.address);
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(heard, ['from inside']);
  }
});

test('an opening does not reach even the ports on which the gateway listens to the WAN', {
  timeout: 60_000,
}, async (t) => {
  const home = shared();
  const gateway = home.network.namespace('gateway-1');
  const path = home.path(4);
  const own = { address: home.network.address('gateway-1', 4, 'home-1'), port: 4443 };
  const server = tcpServer(gateway, own, (socket) => socket.end());
  t.after(() => server.close());
  const listening = inNamespace(gateway, () => home.plane.load({ wan: ['wan0'], lan: ['lan0'], listening: [4443] }));
  assert.equal(listening, 'adopted');
  const media = home.network.namespace('media');
  home.open(path.opening('tcp', { local: own }));
  assert.throws(() => tcpConnection(media, path.remote, path.global, 300));
  // Directly they are open, as told; beside another firewall that is for it to say.
  if (!home.isGuest) tcpConnection(media, { ...path.remote, port: path.remote.port + 1 }, own).destroy();
  home.load();
});

test('an opening that points back into the internet opens nothing', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, stranger } = path;
  home.open(path.opening('udp', { local: { address: stranger, port: 5000 } }));
  using outward = new Sniffer(home.network.namespace('gateway-1'), 'wan0');
  assert.equal(await home.passed({ by: 'media', from: remote, to: global }), 0);
  assert.equal(outward.sent('token-').length, 0);
});

test('from outside the gateway answers what a host must, and takes nothing else', { timeout: 60_000 }, async () => {
  const home = shared();
  const gateway = home.network.namespace('gateway-1');
  const own = home.network.address('gateway-1', 6, 'internet');
  const path = home.path(6);
  const { stranger, remote } = path;
  // No socket listens: a packet that got past the input chain counts as one without a port.
  const delivered = () =>
    inNamespace(gateway, () =>
      Number(/^Udp6NoPorts\s+(\d+)/m.exec(readFileSync('/proc/thread-self/net/snmp6', 'utf8'))?.[1]),
    );
  const before = delivered();
  for (const [address, port, target, passes] of [
    ['fe80::1234', 548, 546, 0],
    ['fe80::1234', 547, 547, 0],
    [stranger, 547, 546, 0],
    [remote.address, 7000, 4000, 0],
    ['fe80::1234', 547, 546, 1],
  ] as const) {
    await home.passed({ by: 'stranger', from: { address, port }, to: { address: own, port: target } }, 1);
    assert.equal(delivered() - before, passes, `${address} ${port} to ${target}`);
  }
  using echo = new Sniffer(gateway, 'wan0');
  const ping = { transport: 'icmp', from: { address: stranger }, to: { address: own }, type: 128, code: 0 } as const;
  await home.passingPacket('stranger', (token) => ({ ...ping, payload: Buffer.from(token) }), 1);
  const answered = () =>
    echo
      .seen()
      .some(({ direction, packet }) => direction === 'out' && packet.transport === 'icmp' && packet.type === 129);
  while (!answered()) await new Promise((resolve) => setTimeout(resolve, 5));
});
