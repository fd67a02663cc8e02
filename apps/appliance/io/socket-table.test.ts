import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { deviceSockets, readSocketTable, receivesAt } from './socket-table.ts';

const rest = '00000000:00000000 00:00000000 00000000';

test('rows of the kernel, of either byte order', () => {
  const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const tcp = `${heading}\n   0: 0201A8C0:B26E 147100CB:216A 01 ${rest}  1000        0 4102824 1 0\n   1: 00000000:216A 00000000:0000 0A ${rest}     0        0 1 1 0\n`;
  assert.deepEqual(readSocketTable(tcp, 'tcp', 'LE'), [
    {
      transport: 'tcp',
      local: { address: '192.168.1.2', port: 45_678 },
      remote: { address: '203.0.113.20', port: 8554 },
      state: 'established',
      uid: 1000,
    },
    {
      transport: 'tcp',
      local: { address: '0.0.0.0', port: 8554 },
      remote: { address: '0.0.0.0', port: 0 },
      state: 'listening',
      uid: 0,
    },
  ]);
  const big = `   0: C0A80102:B26E CB007114:216A 06 ${rest}  1000        0 1 1 0`;
  assert.deepEqual(
    readSocketTable(big, 'tcp', 'BE').map(({ local, state }) => [local.address, state]),
    [['192.168.1.2', 'other']],
  );
  const six = `   0: B80D0120000000000000000002000000:1388 00000000000000000000000000000000:0000 07 ${rest}    33        0 1 2 0 0\n   1: 0000000000000000FFFF00000201A8C0:1389 00000000000000000000000000000000:0000 07 ${rest}    33        0 1 2 0 0`;
  assert.deepEqual(
    readSocketTable(six, 'udp', 'LE').map(({ local, state, uid }) => [local.address, local.port, state, uid]),
    [
      ['2001:db8::2', 5000, 'bound', 33],
      ['192.168.1.2', 5001, 'bound', 33],
    ],
  );
  assert.deepEqual(readSocketTable('nonsense\n1: x', 'tcp'), []);
});

test("this device's own sockets are found", async (t) => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  t.after(() => {
    udp.close();
    client.destroy();
    server.close();
  });
  const uid = process.getuid?.();
  const sockets = deviceSockets();
  const bound = sockets.find((socket) => receivesAt(socket, { address: '127.0.0.1', port: udp.address().port }));
  assert.deepEqual([bound?.transport, bound?.state, bound?.uid], ['udp', 'bound', uid]);
  const own = sockets.find(({ local, remote }) => local.port === client.localPort && remote.port === port);
  assert.deepEqual([own?.transport, own?.state, own?.uid], ['tcp', 'established', uid]);
  assert.ok(sockets.some(({ state, local }) => state === 'listening' && local.port === port));
});

test('where a port receives', () => {
  const at = (address: string) => ({
    ...({ transport: 'udp', state: 'bound', uid: 0, remote: { address: '0.0.0.0', port: 0 } } as const),
    local: { address, port: 5000 },
  });
  const here = { address: '192.168.1.2', port: 5000 };
  assert.ok(receivesAt(at('192.168.1.2'), here));
  assert.ok(receivesAt(at('0.0.0.0'), here));
  assert.ok(receivesAt(at('::'), here));
  assert.ok(!receivesAt(at('127.0.0.1'), here));
  assert.ok(!receivesAt(at('0.0.0.0'), { address: '2001:db8::2', port: 5000 }));
  assert.ok(!receivesAt(at('0.0.0.0'), { ...here, port: 5001 }));
});
