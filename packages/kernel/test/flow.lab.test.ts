import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, Family } from '@sluice/model';
import { tcpConnection, tcpServer } from '../../../lab/packets/index.ts';
import { sharedHome } from './home.ts';

const shared = sharedHome('flow');

test('the device behind a flow is found by what was seen outside, exactly', { timeout: 60_000 }, async () => {
  const home = shared();
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, local, tablet, stranger } = path;
    for (const [by, address] of [
      ['tv-1', local.address],
      ['tablet-1', tablet],
    ] as const) {
      const from = { address, port: 4444 };
      const [left] = await home.passing({ by, from, to: remote }, 1);
      assert.ok(left && 'port' in left.from);
      const observed: Endpoint = left.from;
      const flow = { transport: 'udp', original: { from, to: remote }, outside: observed };
      assert.deepEqual(home.plane.flow('udp', observed, remote), flow);
      assert.equal(home.plane.flow('tcp', observed, remote), undefined);
      assert.equal(home.plane.flow('udp', { ...observed, port: observed.port - 1 }, remote), undefined);
      assert.equal(home.plane.flow('udp', observed, { ...remote, port: 7001 }), undefined);
      assert.equal(home.plane.flow('udp', observed, { ...remote, address: stranger }), undefined);
      assert.equal(home.plane.flow('udp', remote, observed), undefined);
      assert.deepEqual(home.plane.flow('udp', from, remote, 'inside'), flow);
      assert.equal(home.plane.flow('udp', { ...from, port: 4445 }, remote, 'inside'), undefined);
      assert.equal(home.plane.flow('udp', from, { ...remote, port: 7001 }, 'inside'), undefined);
      assert.equal(home.plane.flow('udp', remote, from, 'inside'), undefined);
    }
  }
});

test('a real connection to a server is found; one that the server began is no flow of the device', {
  timeout: 60_000,
}, async (t) => {
  const home = shared();
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, global, local } = path;
    const seen = Promise.withResolvers<Endpoint>();
    const server = tcpServer(home.network.namespace('media'), { ...remote, port: 8443 }, (socket) => {
      seen.resolve({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
    });
    const far = { ...remote, port: 8443 };
    const from = { ...local, port: 5555 };
    const client = tcpConnection(home.network.namespace('tv-1'), from, far);
    t.after(() => {
      client.destroy();
      server.close();
    });
    assert.deepEqual(home.plane.flow('tcp', await seen.promise, far)?.original, { from, to: far });
    home.open(path.opening('udp'));
    assert.equal(await home.passed({ by: 'media', from: remote, to: global }), 3);
    assert.equal(home.plane.flow('udp', global, remote), undefined);
    assert.equal(home.plane.flow('udp', local, remote, 'inside'), undefined);
  }
});
