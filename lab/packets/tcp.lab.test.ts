import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { buildNetwork } from '../build.ts';
import { SystemCallFailed } from './libc.ts';
import { tcpConnection, tcpServer } from './tcp.ts';
import { wire } from './wire.ts';

test('connections between hosts, each end in its own namespace', { timeout: 20_000 }, async (t) => {
  await using network = await buildNetwork(wire, 'stream', t.signal);
  const [one, two] = [network.namespace('one'), network.namespace('two')];
  for (const [from, to] of [
    ['10.0.0.1', '10.0.0.2'],
    ['2001:db8::1', '2001:db8::2'],
  ] as const) {
    const server = tcpServer(two, { address: to, port: 6000 }, (socket) => socket.end(`${socket.remotePort}`));
    const client = tcpConnection(one, { address: from, port: 5000 }, { address: to, port: 6000 });
    const [answer] = await once(client, 'data');
    assert.equal(String(answer), '5000');
    client.destroy();
    server.close();
    await once(server, 'close');
    assert.throws(
      () => tcpConnection(one, { address: from, port: 5001 }, { address: to, port: 6000 }),
      (error: unknown) => error instanceof SystemCallFailed && error.errno === 111,
    );
  }
});
