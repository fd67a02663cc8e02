import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { probeResults } from '@sluice/api';
import { readProbe } from '@sluice/wire/probe';
import { type TestMediaServer, testMediaServer } from './deployment.ts';
import { Viewer } from './viewer.ts';

let media: TestMediaServer;
before(async () => {
  media = await testMediaServer();
});
after(() => media[Symbol.asyncDispose]());

const trial = '00112233445566778899aabbccddeeff';

test('every stream is tried from its own port and from another of the same address', async () => {
  const content = await media.content('film');
  await using viewer = await Viewer.open(content);
  const heard = new Map<string, Set<string>>();
  viewer.onDatagram = (id, bytes, from) => {
    if (Buffer.from(readProbe(bytes) ?? []).toString('hex') !== trial) return;
    heard.set(id, (heard.get(id) ?? new Set()).add(`${from.address}:${from.port}`));
  };
  const reply = await media.ask('POST', '/v1/probes', { contentId: 'film', trial, streams: viewer.streams });
  const { streams } = probeResults.parse(reply.json());
  const datagrams = content.streams.filter(({ streamType }) => streamType !== 'tcp');
  await viewer.until(() => datagrams.every(({ id }) => heard.get(id)?.size === 2));
  for (const { id, streamType, remote } of content.streams) {
    const result = streams.find((stream) => stream.id === id);
    if (streamType === 'tcp') {
      assert.deepEqual([result?.fromStream, result?.fromOtherPort], ['connected', 'connected'], id);
      continue;
    }
    assert.deepEqual([result?.fromStream, result?.fromOtherPort], ['sent', 'sent'], id);
    const own = `${remote.address}:${remote.port}`;
    assert.ok(heard.get(id)?.has(own), `${id} from ${own}`);
    assert.ok([...(heard.get(id) ?? [])].every((from) => from.startsWith(`${remote.address}:`)));
  }
});

test('a port that nobody listens on is silent, and what is not sent here has failed', async () => {
  const content = await media.content('film');
  const tcp = content.streams.find(({ streamType }) => streamType === 'tcp');
  assert.ok(tcp);
  const streams = [
    { id: tcp.id, to: { address: '127.0.0.1', port: 9 } },
    { id: 'no-such-stream', to: { address: '127.0.0.1', port: 9 } },
  ];
  const reply = await media.ask('POST', '/v1/probes', { contentId: 'film', trial, streams });
  assert.deepEqual(probeResults.parse(reply.json()).streams, [
    { id: tcp.id, fromStream: 'silent', fromOtherPort: 'silent' },
    { id: 'no-such-stream', fromStream: 'failed', fromOtherPort: 'failed' },
  ]);
  assert.equal((await media.ask('POST', '/v1/probes', { contentId: 'no', trial, streams })).status, 404);
  assert.equal((await media.ask('POST', '/v1/probes', { contentId: 'film', trial: 'x', streams })).status, 400);
});

test('who may not start may not probe', async () => {
  const body = { contentId: 'film', trial, streams: [{ id: 'video', to: { address: '127.0.0.1', port: 9 } }] };
  const reply = await media.ask('POST', '/v1/probes', body, await media.identityOf('appliance'));
  assert.equal(reply.status, 403);
});
