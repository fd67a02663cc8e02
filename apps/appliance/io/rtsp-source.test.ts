import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { buildRtspMessage, type RtspItem, RtspReader, type RtspResponse } from '@sluice/wire/rtsp';
import { parseSdp, sdpAttribute } from '@sluice/wire/sdp';
import { presentationOf } from '../receiving/tracks.ts';
import { openRtspSource } from './rtsp-source.ts';

const presentation = presentationOf({
  contentId: 'radio',
  title: 'Radio',
  kind: 'radio',
  description: '',
  sdp: 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=Radio\r\na=control:rtsp://elsewhere/\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 OPUS/48000/2\r\na=control:streamid=0\r\n',
  streams: [{ id: 'audio', streamType: 'rtp', remote: { address: '203.0.113.10', port: 7000 }, payloadType: 97 }],
});
assert.ok(presentation);

/** A player on one connection. */
function player(url: string) {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  const reader = new RtspReader();
  const items: RtspItem[] = [];
  let wake = () => {};
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    for (const item of reader.push(bytes))
      items.push(item.kind === 'frame' ? { ...item, payload: item.payload.slice() } : item);
    wake();
  });
  socket.on('close', () => wake());
  const next = async (): Promise<RtspItem | undefined> => {
    while (items.length === 0 && !socket.closed)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return items.shift();
  };
  let sequence = 1;
  const ask = async (method: string, path = '', headers: Record<string, string> = {}): Promise<RtspResponse> => {
    const all = new Map(Object.entries({ cseq: String(sequence++), ...headers }));
    socket.write(buildRtspMessage({ kind: 'request', method, uri: url + path, headers: all, body: new Uint8Array() }));
    const item = await next();
    assert.equal(item?.kind, 'response');
    return item as RtspResponse;
  };
  return { socket, next, ask };
}

const transport = { transport: 'RTP/AVP/TCP;unicast;interleaved=4-5' };

test('a player gets the description, then everything from the first packet on, then the end', async () => {
  await using source = await openRtspSource(presentation);
  source.rtp(0, [Uint8Array.of(1), Uint8Array.of(2)]);
  const { ask, next, socket } = player(source.url);
  assert.equal((await ask('OPTIONS')).status, 200);
  const described = await ask('DESCRIBE');
  const { attributes, media } = parseSdp(Buffer.from(described.body).toString());
  assert.equal(sdpAttribute(attributes, 'control'), undefined);
  assert.equal(sdpAttribute(media[0]?.attributes ?? [], 'control'), 'track=0');
  const set = await ask('SETUP', '/track=0', transport);
  assert.match(set.headers.get('transport') ?? '', /interleaved=0-1/);
  assert.equal((await ask('PLAY')).status, 200);
  source.rtcp(0, Uint8Array.of(3));
  source.rtp(0, [Uint8Array.of(4)]);
  source.end();
  const got: number[][] = [];
  for (let item = await next(); item; item = await next())
    if (item.kind === 'frame') got.push([item.channel, item.payload[0] ?? -1]);
  assert.deepEqual(got, [
    [0, 1],
    [0, 2],
    [1, 3],
    [0, 4],
  ]);
  socket.destroy();
});

test('who does not know the path, asks for UDP or for another track, or speaks no RTSP, gets nothing', async () => {
  await using source = await openRtspSource(presentation);
  const stranger = player(source.url.slice(0, -4));
  assert.equal((await stranger.ask('DESCRIBE')).status, 404);
  const guest = player(source.url);
  assert.equal((await guest.ask('SETUP', '/track=0', { transport: 'RTP/AVP;unicast;client_port=1-2' })).status, 461);
  assert.equal((await guest.ask('SETUP', '/track=7', transport)).status, 404);
  assert.equal((await guest.ask('RECORD')).status, 405);
  const noise = player(source.url);
  noise.socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(noise.socket, 'close');
  for (const { socket } of [stranger, guest]) socket.destroy();
});

test('a second player gets nothing', async () => {
  await using source = await openRtspSource(presentation);
  const first = player(source.url);
  await first.ask('SETUP', '/track=0', transport);
  assert.equal((await first.ask('PLAY')).status, 200);
  const second = player(source.url);
  assert.equal((await second.ask('PLAY')).status, 453);
  for (const { socket } of [first, second]) socket.destroy();
});
