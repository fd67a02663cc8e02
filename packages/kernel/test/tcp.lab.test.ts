import assert from 'node:assert/strict';
import type { Server, Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Endpoint, Family } from '@sluice/model';
import { tcpConnection, tcpFlag, tcpServer } from '../../../lab/packets/index.ts';
import type { KernelOpening } from '../index.ts';
import { type Home, sharedHome } from './home.ts';

const shared = sharedHome('tcp');

/** A connection through the gateway with endless data on its way into the home. */
interface Stream {
  readonly received: () => number;
  /** The far end's view of who it speaks with. */
  readonly peer: { readonly address: string | undefined; readonly port: number | undefined };
  readonly sockets: readonly Socket[];
  readonly server: Server;
}

async function connect(home: Home, opening: KernelOpening, from: 'server' | 'appliance'): Promise<Stream> {
  const { remote, local, global } = opening;
  const far: Endpoint = { address: remote.address ?? '', port: remote.port ?? 0 };
  const media = home.network.namespace('media');
  const tv = home.network.namespace('tv-1');
  const [listening, connecting] = from === 'server' ? [tv, media] : [media, tv];
  const accepting = Promise.withResolvers<Socket>();
  const server = tcpServer(listening, from === 'server' ? local : far, accepting.resolve);
  try {
    const connected = tcpConnection(connecting, from === 'server' ? far : local, from === 'server' ? global : far);
    const accepted = await accepting.promise;
    // That a connection is cut is what these tests are about.
    for (const socket of [connected, accepted]) socket.on('error', () => {});
    const [outside, inside] = from === 'server' ? [connected, accepted] : [accepted, connected];
    let received = 0;
    inside.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    const block = Buffer.alloc(16_384);
    const fill = () => {
      while (outside.write(block));
    };
    outside.on('drain', fill);
    fill();
    return {
      received: () => received,
      peer: { address: outside.remoteAddress, port: outside.remotePort },
      sockets: [outside, inside],
      server,
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function grows(stream: Stream, withinMs: number): Promise<boolean> {
  const before = stream.received();
  for (let waited = 0; waited < withinMs; waited += 10) {
    await setTimeout(10);
    if (stream.received() > before) return true;
  }
  return false;
}

function end(stream: Stream): void {
  for (const socket of stream.sockets) socket.destroy();
  stream.server.close();
}

for (const family of [4, 6] satisfies Family[])
  for (const begins of ['server', 'appliance'] as const)
    for (const by of ['revoke', 'lease'] as const)
      test(`IPv${family} TCP, ${begins} connects: bulk data stops by ${by} and does not come back`, {
        timeout: 60_000,
      }, async (t) => {
        const home = shared();
        const opening = home.path(family).opening('tcp');
        await assert.rejects(connect(home, opening, 'server'));
        home.open(opening);
        const stream = await connect(home, opening, begins);
        t.after(() => end(stream));
        const expected = begins === 'server' ? opening.remote : opening.global;
        if (begins === 'appliance')
          assert.deepEqual({ address: stream.peer.address, port: stream.peer.port }, expected);
        assert.ok(await grows(stream, 5000));
        if (by === 'revoke') home.close(opening);
        else home.plane.commit({ add: [], renew: [{ opening, leaseMs: 300 }], remove: [] });
        while (home.plane.look([opening])[0]) await setTimeout(10);
        // What the device's kernel has received already still comes out of its socket's buffer.
        while (await grows(stream, 100));
        assert.equal(await grows(stream, 1000), false);
        // Nor does the rest of it get through as a flow picked up in the middle.
        for (const [by, from, to] of [
          ['media', opening.remote, opening.global],
          ['tv-1', opening.local, opening.remote],
        ] as const) {
          const tcp = { sequence: 1, acknowledgement: 1, flags: tcpFlag.ack | tcpFlag.psh };
          const ends = { from: from as Endpoint, to: to as Endpoint };
          assert.equal(await home.passed({ by, transport: 'tcp', tcp, ...ends }), 0);
        }
      });

test('a TCP packet that is no SYN begins no flow, in either direction', { timeout: 60_000 }, async () => {
  const home = shared();
  const tcp = { sequence: 1, acknowledgement: 1, flags: tcpFlag.ack };
  for (const family of [4, 6] satisfies Family[]) {
    const path = home.path(family);
    const { remote, global, local } = path;
    home.open(path.opening('tcp'));
    assert.equal(await home.passed({ by: 'media', transport: 'tcp', tcp, from: remote, to: global }), 0);
    assert.equal(await home.passed({ by: 'tv-1', transport: 'tcp', tcp, from: local, to: remote }), 0);
    const ordinary = { ...local, port: local.port + 900 };
    assert.equal(await home.passed({ by: 'tv-1', transport: 'tcp', tcp, from: ordinary, to: remote }), 0);
    assert.equal(await home.passed({ by: 'tv-1', transport: 'tcp', from: ordinary, to: remote }), 3);
  }
});

test('a TCP connection that the device made before the opening goes on', { timeout: 60_000 }, async (t) => {
  const home = shared();
  const opening = home.path(4).opening('tcp');
  const stream = await connect(home, opening, 'appliance');
  t.after(() => end(stream));
  assert.ok(home.isOrdinary(stream.peer.port ?? 0));
  home.open(opening);
  // Longer than what was on its way lasts.
  for (let i = 0; i < 5; i++) {
    await setTimeout(100);
    assert.ok(await grows(stream, 5000));
  }
});
