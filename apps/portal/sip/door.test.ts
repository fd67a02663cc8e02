import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionEndsReader, silentLog, VirtualClock } from '@sluice/io';
import { contentShelf } from '../shelf.ts';
import { FakeCalls } from '../test/fake-calls.ts';
import { FakeConfigurationServer } from '../test/fake-parts.ts';
import { openSipDoor } from './door.ts';
import { senderOf } from './phone-flow.ts';

async function door(
  t: TestContext,
  connections: number,
): Promise<{ clock: VirtualClock; knock: () => Promise<Socket> }> {
  const clock = new VirtualClock();
  const configuration = new FakeConfigurationServer([]);
  const ending = new AbortController();
  const opened = await openSipDoor(
    {
      ...{ portalId: 'self::portal-1', configuration, calls: new FakeCalls(configuration), clock, log: silentLog },
      ...{ starter: 'portal', startIdOf: () => '', stopwatch: () => clock.now(), lifetime: ending.signal },
      shelf: contentShelf([], clock, 5_000, ending.signal),
    },
    {
      ...{ hosts: ['127.0.0.1'], port: 0, domain: 'sluice.example', users: [], connections },
      ends: new ConnectionEndsReader(),
    },
  );
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await opened[Symbol.asyncDispose]();
    ending.abort();
  });
  const knock = async () => {
    const socket = connect(opened.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { clock, knock };
}

const options = [
  'OPTIONS sip:sluice.example SIP/2.0',
  'Via: SIP/2.0/TCP 192.168.1.2;branch=z9hG4bK1',
  'From: <sip:a@b>;tag=1',
  'To: <sip:a@b>',
  'Call-ID: x',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '\r\n',
].join('\r\n');

test('a crowd that shows no password makes room, however much it says', async (t) => {
  const { clock, knock } = await door(t, 600);
  let turnedOut = 0;
  for (let n = 0; n < 200; n++) {
    const socket = await knock();
    socket.once('close', () => turnedOut++);
    socket.write(n % 2 === 0 ? '\r\n\r\n' : options);
    socket.resume();
  }
  // From one address comes only so much in a second.
  await clock.pass(1_000);
  const asking = await knock();
  asking.write(options);
  const [answer] = await once(asking, 'data', { signal: AbortSignal.timeout(10_000) });
  assert.match(String(answer), /^SIP\/2\.0 200 /);
  assert.ok(turnedOut >= 60, `${turnedOut} of 200 made room`);
});

test('what is no SIP ends its connection', async (t) => {
  const { knock } = await door(t, 10);
  const socket = await knock();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(10_000) });
});

test('a datagram from port 0 is from nobody: nothing can be sent there, and trying throws', () => {
  assert.equal(senderOf({ address: '203.0.113.1', port: 0 }), undefined);
  assert.deepEqual(senderOf({ address: '::ffff:203.0.113.1', port: 5060 }), { address: '203.0.113.1', port: 5060 });
});
