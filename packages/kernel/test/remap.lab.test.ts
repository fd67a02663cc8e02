import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Sniffer } from '../../../lab/packets/index.ts';
import { startOnHost } from '../../../lab/process.ts';
import { sharedHome, type Trial } from './home.ts';

const shared = sharedHome('remap');

/** Sends RTP of payload type 96 without pause, as fast as a few microseconds apart. */
const flooding = `
  const socket = require('node:dgram').createSocket('udp4');
  const [from, fromPort, to, toPort] = process.argv.slice(1);
  const packet = Buffer.alloc(40, 'flood'); packet[0] = 0x80; packet[1] = 96;
  socket.bind(Number(fromPort), from, () => {
    console.log(JSON.stringify({ ready: 'flood' }));
    const burst = () => { for (let i = 0; i < 20; i++) socket.send(packet, Number(toPort), to); setImmediate(burst); };
    burst();
  });`;

test('remapped under load, no packet reaches the old device, and they reach the new one', {
  timeout: 60_000,
}, async (t) => {
  const home = shared();
  const path = home.path(4);
  const { local, global, tablet, otherServer } = path;
  const remote = { address: otherServer, port: 7000 };
  const targets = [local, { address: tablet, port: 5000 }];
  const openings = targets.map((target, index) => path.opening('rtp', { remote, local: target, tag: `${index}` }));
  const arguments_ = [remote.address, `${remote.port}`, global.address, `${global.port}`];
  await using flood = await startOnHost(
    {
      name: 'flood',
      namespace: home.network.namespace('media'),
      command: [process.execPath, '-e', flooding, ...arguments_],
    },
    t.signal,
  );
  assert.ok(flood.pid > 0);
  using inward = new Sniffer(home.network.namespace('gateway-1'), 'lan0');
  const [first] = openings;
  assert.ok(first);
  home.open(first);
  for (let round = 1; round <= 40; round++) {
    const [old, next] = [openings[(round + 1) % 2], openings[round % 2]];
    assert.ok(old && next);
    const change = { add: [{ opening: next, leaseMs: 60_000 }], renew: [], remove: [old] };
    assert.equal(home.plane.commit(change), undefined);
    inward.clear();
    while (inward.sent('flood').length < 10) await setTimeout(1);
    for (const packet of inward.sent('flood')) assert.deepEqual(packet.to, next.local, `round ${round}`);
  }
});

test('closed, and later given to another device while the server never stopped', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, local, tablet } = path;
  const inward: Trial = { by: 'media', from: remote, to: global };
  const other = { address: tablet, port: 5000 };
  for (const begin of ['server', 'appliance'] as const) {
    const opening = path.opening('udp');
    home.open(opening);
    if (begin === 'appliance') assert.equal(await home.passed({ by: 'tv-1', from: local, to: remote }), 3);
    assert.equal(await home.passed(inward), 3);
    home.close(opening);
    assert.equal(await home.passed(inward), 0);
    const next = path.opening('udp', { local: other, tag: 'next' });
    home.open(next);
    const arrived = await home.passing(inward);
    assert.deepEqual(
      arrived.map(({ to }) => to),
      [other, other, other],
    );
    // What the first device still sends is ordinary traffic: from a port that is no opening's.
    const left = await home.passing({ by: 'tv-1', from: local, to: remote });
    for (const { from } of left) assert.ok('port' in from && home.isOrdinary(from.port));
    home.close(next);
  }
});

test('a wildcard remap too', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, local, tablet } = path;
  const inward: Trial = { by: 'media', from: remote, to: global };
  const wide = { remote: { address: remote.address } };
  const [one, two] = [
    path.opening('udp', wide),
    path.opening('udp', { ...wide, local: { address: tablet, port: 1 }, tag: 'two' }),
  ];
  home.open(one);
  assert.deepEqual(
    (await home.passing(inward)).map(({ to }) => to),
    [local, local, local],
  );
  home.plane.commit({ add: [{ opening: two, leaseMs: 60_000 }], renew: [], remove: [one] });
  assert.deepEqual(
    (await home.passing(inward)).map(({ to }) => to),
    [two.local, two.local, two.local],
  );
});
