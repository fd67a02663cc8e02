import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedHome } from './home.ts';

const shared = sharedHome('ports');

test('of several openings on one global port the most specific takes a packet', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, tablet, otherServer } = path;
  const at = (port: number) => ({ address: tablet, port });
  const openings = [
    path.opening('udp', { local: at(1), tag: 'address and port' }),
    path.opening('udp', { remote: { address: remote.address }, local: at(2), tag: 'address' }),
    path.opening('udp', { remote: { port: remote.port }, local: at(3), tag: 'port' }),
    path.opening('udp', { remote: {}, local: at(4), tag: 'neither' }),
  ];
  for (const opening of openings) home.open(opening);
  const senders = [
    remote,
    { ...remote, port: remote.port + 1 },
    { ...remote, address: otherServer },
    { address: otherServer, port: remote.port + 1 },
  ];
  for (const [index, from] of senders.entries()) {
    const arrived = await home.passing({ by: 'media', from, to: global });
    assert.deepEqual(
      arrived.map(({ to }) => to),
      [at(index + 1), at(index + 1), at(index + 1)],
    );
  }
  for (const opening of openings) home.close(opening);
});

test('servers share a global port, each to its own device', { timeout: 60_000 }, async () => {
  const home = shared();
  const path = home.path(4);
  const { remote, global, local, tablet, otherServer } = path;
  const other = { address: otherServer, port: remote.port };
  home.open(path.opening('udp'));
  home.open(path.opening('udp', { remote: other, local: { address: tablet, port: 6000 }, tag: 'other' }));
  for (const [from, to] of [
    [remote, local],
    [other, { address: tablet, port: 6000 }],
  ] as const) {
    const arrived = await home.passing({ by: 'media', from, to: global });
    assert.deepEqual(
      arrived.map((packet) => packet.to),
      [to, to, to],
    );
  }
});
