import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { askDevice, type HomeHttpRequest } from './home-http.ts';

/** A device that answers with these octets to whatever it is asked. */
async function device(t: { after(act: () => void): void }, answer: (socket: Socket, asked: string) => void) {
  const server = createServer((socket) => {
    let asked = '';
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      asked += piece.toString('latin1');
      if (asked.includes('\r\n\r\n')) answer(socket, asked);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const request: HomeHttpRequest = {
    method: 'GET',
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    path: '/d.xml',
    mostBytes: 1_000,
  };
  return request;
}

const patient = () => AbortSignal.timeout(5_000);
const say = (text: string) => (socket: Socket) => socket.end(text);

test('an answer, with lax headers, of a device that closes', async (t) => {
  let seen = '';
  const request = await device(t, (socket, asked) => {
    seen = asked;
    socket.end('HTTP/1.0 200 \nEXT:\nServer: x UPnP/1.0 y\n\n<a/>');
  });
  const reply = await askDevice(
    { ...request, method: 'POST', path: '/ctl', body: 'é', headers: { SOAPACTION: '"a#b"' }, from: '127.0.0.1' },
    patient(),
  );
  assert.ok(reply.kind === 'answer', JSON.stringify(reply));
  assert.deepEqual([reply.status, reply.server, Buffer.from(reply.body).toString()], [200, 'x UPnP/1.0 y', '<a/>']);
  assert.match(seen, /^POST \/ctl HTTP\/1\.1\r\n/);
  assert.match(seen, /\r\nSOAPACTION: "a#b"\r\n/);
  assert.match(seen, /\r\nHost: 127\.0\.0\.1:\d+\r\n/);
  assert.match(seen, /\r\nConnection: close\r\n/i);
  assert.match(seen, /\r\nContent-Length: 2\r\n/i);
});

test('a redirect is an answer and not followed', async (t) => {
  const request = await device(
    t,
    say('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
  );
  const reply = await askDevice(request, patient());
  assert.equal(reply.kind === 'answer' && reply.status, 302);
});

test('what is too long, cut short, no HTTP, or broken off is lost, for it was asked', async (t) => {
  const answers: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['a megabyte', say(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_000_000)}`)],
    ['a megabyte of headers', say(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`)],
    ['less than it says', say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<a/>')],
    ['another protocol', say('SSH-2.0-x\r\n')],
    ['nothing', (socket) => socket.end()],
    ['a reset', (socket) => socket.resetAndDestroy()],
  ];
  for (const [what, answer] of answers) {
    const request = await device(t, answer);
    assert.equal((await askDevice(request, patient())).kind, 'lost', what);
  }
});

test('an answer that comes twice counts once', async (t) => {
  const one = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/>';
  const request = await device(t, say(one + one));
  const reply = await askDevice(request, patient());
  assert.equal(reply.kind === 'answer' && Buffer.from(reply.body).toString(), '<a/>');
});

test('nothing was sent where nothing listens, where the place is none, and after the end', async (t) => {
  const request = await device(t, say(''));
  const never = { ...request, port: 1 };
  assert.deepEqual(await askDevice(never, patient()), { kind: 'not-sent', reason: 'ECONNREFUSED' });
  for (const wrong of [{ address: 'localhost' }, { port: 0 }, { path: 'd.xml' }, { path: '/ HTTP/1.1\r\nX: ' }])
    assert.equal((await askDevice({ ...request, ...wrong }, patient())).kind, 'not-sent', JSON.stringify(wrong));
  assert.equal((await askDevice(request, AbortSignal.abort())).kind, 'not-sent');
  assert.equal((await askDevice({ ...request, from: '192.0.2.1' }, patient())).kind, 'not-sent');
});

test('a device that says nothing is waited for until the end that was given', async (t) => {
  let begun = () => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const request = await device(t, () => begun());
  const end = new AbortController();
  const reply = askDevice(request, end.signal);
  await asked;
  end.abort(new Error('over'));
  assert.deepEqual(await reply, { kind: 'lost', reason: 'over' });
});
