import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import type { SessionRequest } from '@sluice/api';
import { clientTls, openAuthority } from '@sluice/identity';
import { httpsPeer, type PeerOptions, PeerUnreachable, PeerUntrusted } from '@sluice/io';
import { film, hold } from './test/fake-parts.ts';
import { world } from './test/world.ts';

const here = new AbortController().signal;

const body = {
  requestId: 'r1',
  contentId: 'film',
  localPorts: { video: 5000, 'video-rtcp': 5001, subtitles: 5002 },
};
const read = (answer: { body: Buffer }) => JSON.parse(answer.body.toString());

test('an appliance sees, asks, looks and leaves over mutual TLS', async (t) => {
  const { said, configuration, tv } = await world(t);
  const contents = read(await tv.ask('GET', '/v1/contents', undefined, here));
  assert.deepEqual(contents, { contents: [film] });
  assert.equal(read(await tv.ask('GET', '/v1/contents/film', undefined, here)).title, film.title);
  const answer = await tv.ask('POST', '/v1/requests', body, here);
  assert.equal(answer.status, 200, answer.body.toString());
  const { sessionId, streams } = read(answer);
  assert.equal(streams.length, 3);
  assert.equal(configuration.sessions.get(sessionId)?.applianceId, 'self::appliance');
  assert.equal(read(await tv.ask('GET', `/v1/requests/${sessionId}`, undefined, here)).state, 'open');
  assert.equal(read(await tv.ask('DELETE', `/v1/requests/${sessionId}`, undefined, here)).state, 'closed');
  assert.deepEqual(said, ['open r1', 'start s1', 'close s1 appliance-left', 'stop s1']);
});

test('the flow told to the configuration server is the one that the request came over', async (t) => {
  const { configuration, portal, tv, peer, issue } = await world(t);
  const flows: SessionRequest['flow'][] = [];
  const open = configuration.open.bind(configuration);
  configuration.open = (request) => {
    flows.push(request.flow);
    return open(request);
  };
  await tv.ask('POST', '/v1/requests', body, here);
  const overIpv6 = peer(await issue('appliance'), `https://[::1]:${portal.port}`);
  await overIpv6.ask('POST', '/v1/requests', { ...body, requestId: 'r6' }, here);
  assert.deepEqual(
    flows.map(({ portal: at, observed }) => [at, observed.address]),
    [
      [{ address: '127.0.0.1', port: portal.port }, '127.0.0.1'],
      [{ address: '::1', port: portal.port }, '::1'],
    ],
  );
  assert.ok(flows.every(({ observed }) => observed.port > 0));
});

test('a browser without a certificate sees the page and the posters, not the API', async (t) => {
  const { origin, authority } = await world(t);
  const look = (method: string, path: string) =>
    new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(origin);
      const socket = tlsConnect({ host: hostname, port: Number(port), ca: authority.caPem });
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => resolve(text)).on('error', reject);
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: portal\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    });
  const page = await look('GET', '/');
  assert.match(page, /^HTTP\/1.1 200/);
  assert.match(page, /href="play\/film"/);
  assert.match(page, /content-security-policy: default-src 'none'/);
  assert.match(await look('GET', '/posters/film'), /^HTTP\/1.1 200(.|\s)*image\/png/);
  assert.match(await look('GET', '/play/film'), /sluice appliance play film/);
  assert.match(await look('GET', '/play/none'), /^HTTP\/1.1 404(.|\s)*content-unknown/);
  assert.match(await look('GET', '/healthz'), /^HTTP\/1.1 200/);
  for (const [method, path] of [
    ['GET', '/v1/contents'],
    ['POST', '/v1/requests'],
    ['DELETE', '/v1/requests/s1'],
  ] as const)
    assert.match(await look(method, path), /^HTTP\/1.1 403(.|\s)*not-permitted/, path);
});

test('another role, and another authority, may not ask', async (t) => {
  const { peer, issue, authority } = await world(t);
  const gateway = await peer(await issue('gateway')).ask('POST', '/v1/requests', body, here);
  assert.equal(gateway.status, 403);
  const foreignDirectory = await mkdtemp(join(tmpdir(), 'sluice-foreign-'));
  t.after(() => rm(foreignDirectory, { recursive: true }));
  const foreign = await openAuthority(foreignDirectory);
  const stranger = await foreign.issue({ endpointId: 'self::tv', role: 'appliance' });
  const answer = await peer({ ...stranger, caPem: authority.caPem }).ask('POST', '/v1/requests', body, here);
  assert.equal(answer.status, 403);
  assert.equal(read(answer).code, 'not-permitted');
});

test('bad input gets a code and a sentence', async (t) => {
  const { said, tv } = await world(t);
  const cases: [unknown, number, string][] = [
    [{ ...body, localPorts: { ...body.localPorts, video: 0 } }, 400, 'port-invalid'],
    [{ ...body, localPorts: { ...body.localPorts, video: 65536 } }, 400, 'port-invalid'],
    [{ ...body, requestId: 'r 1' }, 400, 'malformed'],
    [{ ...body, localAddresses: ['192.168.1.300'] }, 400, 'malformed'],
    [{}, 400, 'malformed'],
    [{ ...body, contentId: 'nothing' }, 404, 'content-unknown'],
    [{ ...body, padding: 'x'.repeat(70_000) }, 413, 'too-large'],
  ];
  for (const [json, status, code] of cases) {
    const answer = await tv.ask('POST', '/v1/requests', json, here);
    assert.deepEqual([answer.status, read(answer).code], [status, code]);
    assert.ok(read(answer).message.length > 5);
  }
  const unknown = await tv.ask('GET', '/v1/nothing', undefined, here);
  assert.deepEqual([unknown.status, read(unknown).code], [404, 'malformed']);
  assert.deepEqual(said, []);
});

test('who is to ask later is told when, in the body and in the header', async (t) => {
  const { configuration, origin, issue } = await world(t);
  configuration.refusal = { code: 'rate-limited', message: 'the appliance asks too often', retryAfterSeconds: 7 };
  const { hostname, port } = new URL(origin);
  const socket = tlsConnect({ host: hostname, port: Number(port), ...clientTls(await issue('appliance')) });
  const json = JSON.stringify(body);
  socket.write(
    `POST /v1/requests HTTP/1.1\r\nhost: portal\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
  );
  let text = '';
  for await (const part of socket.setEncoding('utf8')) text += part;
  assert.match(text, /^HTTP\/1\.1 429(.|\s)*\nretry-after: 7\r(.|\s)*"retryAfterSeconds":7/);
});

test('a media server that never answers closes the home in bounded time', async (t) => {
  const { said, media, tv } = await world(t, { startMs: 20 });
  media.holdStart = hold();
  t.after(() => media.holdStart?.release());
  const answer = await tv.ask('POST', '/v1/requests', body, here);
  assert.deepEqual([answer.status, read(answer).code], [503, 'media-not-started']);
  assert.deepEqual(said, ['open r1', 'start s1', 'close s1 media-not-started', 'stop s1']);
});

test('an appliance whose connection breaks leaves nothing open', async (t) => {
  const { said, configuration, media, tv } = await world(t);
  const start = hold();
  media.holdStart = start;
  const asking = new AbortController();
  const started = new Promise<void>((resolve) => {
    const before = media.start.bind(media);
    media.start = (request) => {
      resolve();
      return before(request);
    };
  });
  const stopped = new Promise<void>((resolve) => {
    const before = media.stop.bind(media);
    media.stop = (sessionId) => {
      resolve();
      return before(sessionId);
    };
  });
  const answer = tv.ask('POST', '/v1/requests', body, asking.signal);
  await started;
  asking.abort(new Error('switched off'));
  await assert.rejects(answer, /switched off/);
  // The portal learns of it from the socket: a fresh exchange after the close shows that it has.
  await tv.ask('GET', '/healthz', undefined, here);
  start.release();
  await stopped;
  assert.equal(configuration.sessions.get('s1')?.state, 'closed');
  assert.ok(said.includes('close s1 appliance-left'));
});

test('nonsense on the port gets a problem, and does not end the portal', async (t) => {
  const { portal, tv, origin, authority } = await world(t);
  await new Promise<void>((resolve) => {
    const socket = connect(portal.port, '127.0.0.1', () => socket.end('\x00\xff nonsense\r\n\r\n'));
    socket.on('close', () => resolve()).on('error', () => resolve());
  });
  const { port, hostname } = new URL(origin);
  const text = await new Promise<string>((resolve, reject) => {
    let got = '';
    const socket = tlsConnect({ host: hostname, port: Number(port), ca: authority.caPem }, () =>
      socket.write('?\r\n\r\n'),
    );
    socket.setEncoding('utf8').on('data', (chunk) => {
      got += chunk;
    });
    socket.on('end', () => resolve(got)).on('error', reject);
  });
  assert.match(text, /^HTTP\/1.1 400(.|\s)*"malformed"/);
  assert.equal((await tv.ask('GET', '/healthz', undefined, here)).status, 200);
});

test('a part that is another, of another authority, or not there, is told apart', async (t) => {
  const { origin, issue } = await world(t);
  const identity = await issue('appliance');
  const ask = (options: Partial<PeerOptions>, signal = here) => {
    const peer = httpsPeer({ origin, tls: clientTls(identity), accepts: () => true, ...options });
    t.after(() => peer[Symbol.asyncDispose]());
    return peer.ask('GET', '/healthz', undefined, signal);
  };
  assert.equal((await ask({})).contentType, 'application/json');
  await assert.rejects(ask({ accepts: () => false }), PeerUntrusted);
  const foreignDirectory = await mkdtemp(join(tmpdir(), 'sluice-foreign-'));
  t.after(() => rm(foreignDirectory, { recursive: true }));
  const { caPem } = await openAuthority(foreignDirectory);
  await assert.rejects(ask({ tls: { ...clientTls(identity), ca: caPem } }), PeerUntrusted);
  await assert.rejects(ask({ origin: origin.replace('127.0.0.1', '127.0.0.2') }), PeerUnreachable);
  await assert.rejects(ask({ mostBytes: 3 }), PeerUnreachable);
  await assert.rejects(ask({}, AbortSignal.abort(new Error('enough'))), /enough/);
});
