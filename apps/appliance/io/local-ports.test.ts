import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { openLocalPorts } from './local-ports.ts';
import { openTcpPort, type TcpTaker } from './tcp-port.ts';
import { openUdpPort, PortTaken } from './udp-port.ts';

const here = new AbortController().signal;

test('RTP and RTCP get an even port and the next, whichever is named first', async () => {
  const streams = [
    { id: 'video-rtcp', streamType: 'rtcp', pairedWith: 'video' },
    { id: 'video', streamType: 'rtp' },
    { id: 'subtitles', streamType: 'tcp' },
  ] as const;
  await using ports = await openLocalPorts(streams, 4, {});
  const { video = 0, 'video-rtcp': control = 0, subtitles = 0 } = ports.numbers;
  assert.equal(video % 2, 0);
  assert.equal(control, video + 1);
  assert.ok(subtitles > 0);
});

test('a port that is taken is told, and none stays open', async () => {
  await using taken = await openUdpPort(4, 0);
  const streams = [
    { id: 'a', streamType: 'tcp' },
    { id: 'b', streamType: 'udp' },
  ] as const;
  await using free = await openTcpPort(4, 0);
  const port = free.port;
  await free[Symbol.asyncDispose]();
  await assert.rejects(openLocalPorts(streams, 4, { a: port, b: taken.port }), PortTaken);
  await using again = await openTcpPort(4, port);
  assert.equal(again.port, port);
});

function taker() {
  const got: string[] = [];
  const ended = Promise.withResolvers<void>();
  const take: TcpTaker = {
    stray: () => got.push('stray'),
    bytes: (chunk) => got.push(Buffer.from(chunk).toString()),
    end: () => ended.resolve(),
  };
  return { got, take, ended: ended.promise };
}

async function endpointOf(socket: Socket) {
  await once(socket, 'connect');
  return { address: '127.0.0.1', port: socket.localPort ?? 0 };
}

test('one connection from the named endpoint is taken, every other is shut', async () => {
  await using port = await openTcpPort(4, 0);
  const { got, take, ended } = taker();
  const stranger = connect(port.port, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.write('from a stranger');
  const shut = once(stranger, 'close');
  await endpointOf(stranger);
  const server = connect(port.port, '127.0.0.1');
  port.accept(await endpointOf(server), take);
  await shut;
  server.end('from the server');
  await ended;
  assert.deepEqual(got.toSorted(), ['from the server', 'stray']);
});

test('who connects and cuts the connection without a word leaves the place to who speaks', async () => {
  await using port = await openTcpPort(4, 0);
  const { got, take, ended } = taker();
  const trying = connect(port.port, '127.0.0.1');
  const from = await endpointOf(trying);
  port.accept(from, take);
  trying.resetAndDestroy();
  await once(trying, 'close');
  const server = connect({ port: port.port, host: '127.0.0.1', localAddress: from.address, localPort: from.port });
  server.end('from the server');
  await ended;
  assert.deepEqual(got, ['from the server']);
});

test('a datagram that somebody else takes does not come in', async () => {
  const aside: string[] = [];
  const takesProbes = {
    take(_port: number, bytes: Uint8Array) {
      const text = Buffer.from(bytes).toString();
      if (text === 'probe') aside.push(text);
      return text === 'probe';
    },
  };
  await using ports = await openLocalPorts([{ id: 'a', streamType: 'udp' }], 4, {}, takesProbes);
  const port = ports.udp.get('a');
  assert.ok(port);
  const got = new Promise<string>((resolve) => port.receive((bytes) => resolve(Buffer.from(bytes).toString())));
  await using sender = await openUdpPort(4, 0);
  for (const text of ['probe', 'media']) sender.send(Buffer.from(text), { address: '127.0.0.1', port: port.port });
  assert.equal(await got, 'media');
  assert.deepEqual(aside, ['probe']);
});

test('the appliance connects from the port that it named', async () => {
  const server = createServer((socket) => socket.end(`you are ${socket.remotePort}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using port = await openTcpPort(4, 0);
  const { got, take, ended } = taker();
  await port.connect({ address: '127.0.0.1', port: (server.address() as AddressInfo).port }, take, here);
  await ended;
  assert.deepEqual(got, [`you are ${port.port}`]);
  server.close();
});

test('a server that is not there is told', async () => {
  await using gone = await openTcpPort(4, 0);
  const { port: far } = gone;
  await gone[Symbol.asyncDispose]();
  await using port = await openTcpPort(4, 0);
  await assert.rejects(port.connect({ address: '127.0.0.1', port: far }, taker().take, here));
});
