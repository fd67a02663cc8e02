import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { buildFrame, buildRtspMessage, type RtspItem, RtspReader } from '@sluice/wire/rtsp';
import { openRtspReceiver } from './rtsp-receiver.ts';

const forever = new AbortController().signal;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Speaks RTSP to a receiver, one request at a time. */
async function pusher(url: string) {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const reader = new RtspReader();
  const answers: RtspItem[] = [];
  socket.on('data', (bytes) => answers.push(...reader.push(bytes)));
  let cseq = 0;
  const ask = async (method: string, uri: string, headers: Record<string, string> = {}, body = '') => {
    const all = new Map([['cseq', String(++cseq)], ...Object.entries(headers)]);
    socket.write(
      buildRtspMessage({ kind: 'request', method, uri, headers: all, body: new TextEncoder().encode(body) }),
    );
    while (answers.length === 0) await once(socket, 'data');
    const answer = answers.shift();
    assert.ok(answer?.kind === 'response');
    assert.equal(answer.headers.get('cseq'), String(cseq));
    return answer;
  };
  return { socket, ask };
}

test('a push is kept as it came: the description, then every packet', async () => {
  await using receiver = await openRtspReceiver('film', 1000, forever);
  const { socket, ask } = await pusher(receiver.url);
  const { url } = receiver;
  assert.match((await ask('OPTIONS', url)).headers.get('public') ?? '', /ANNOUNCE/);
  assert.equal((await ask('ANNOUNCE', url, { 'content-type': 'application/sdp' }, 'v=0\r\n')).status, 200);
  const setup = await ask('SETUP', `${url}/streamid=0`, {
    transport: 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
  });
  assert.equal(setup.headers.get('transport'), 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record');
  assert.equal((await ask('SETUP', `${url}/streamid=0`, { transport: 'RTP/AVP;unicast;client_port=1-2' })).status, 461);
  assert.equal((await ask('RECORD', url)).status, 200);
  assert.equal((await ask('PLAY', url)).status, 405);
  socket.write(buildFrame(0, Uint8Array.of(1, 2, 3)));
  socket.write(buildFrame(1, Uint8Array.of(4)));
  await ask('TEARDOWN', url);
  const items = new RtspReader().push(await receiver.pushed);
  assert.deepEqual(
    items.map((item) =>
      item.kind === 'frame' ? [item.channel, [...item.payload]] : item.kind === 'request' && text(item.body),
    ),
    ['v=0\r\n', [0, [1, 2, 3]], [1, [4]]],
  );
});

test('who does not know the path is turned away, and harms nobody', async () => {
  await using receiver = await openRtspReceiver('film', 1000, forever);
  const stranger = await pusher(receiver.url);
  assert.equal((await stranger.ask('ANNOUNCE', 'rtsp://127.0.0.1/film', {}, 'v=0\r\n')).status, 404);
  const closed = once(stranger.socket, 'close');
  stranger.socket.write('this is no RTSP\r\n\r\n');
  await closed;
  const { ask } = await pusher(receiver.url);
  await ask('ANNOUNCE', receiver.url, {}, 'v=0\r\n');
  await ask('TEARDOWN', receiver.url);
  await receiver.pushed;
});

test('a push that breaks off, is too large or is not waited for ends in its reason', async () => {
  await using broken = await openRtspReceiver('film', 1000, forever);
  const first = await pusher(broken.url);
  await first.ask('ANNOUNCE', broken.url, {}, 'v=0\r\n');
  first.socket.end();
  await assert.rejects(broken.pushed, /ended before it was through/);

  await using large = await openRtspReceiver('film', 1000, forever);
  const second = await pusher(large.url);
  await second.ask('ANNOUNCE', large.url, {}, 'v=0\r\n');
  second.socket.write(buildFrame(0, new Uint8Array(2000)));
  await assert.rejects(large.pushed, /more than 1000/);

  const patience = new AbortController();
  await using waiting = await openRtspReceiver('film', 1000, patience.signal);
  patience.abort(new Error('enough'));
  await assert.rejects(waiting.pushed, /enough/);
});
