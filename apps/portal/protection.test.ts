import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContentRequestBody, contentAnswer } from '@sluice/api';
import { silentLog, VirtualClock } from '@sluice/io';
import { refuse } from '@sluice/model';
import type { Caller } from './caller.ts';
import { requestDesk } from './request-desk.ts';
import { contentShelf } from './shelf.ts';
import { FakeConfigurationServer, FakeMediaServer } from './test/fake-parts.ts';

const tv: Caller = {
  endpointId: 'self::tv-home',
  role: 'appliance',
  flow: { portal: { address: '203.0.113.20', port: 8443 }, observed: { address: '203.0.113.1', port: 40000 } },
};
const body: ContentRequestBody = {
  requestId: 'r1',
  contentId: 'film',
  localAddresses: [],
  localPorts: { video: 5000, 'video-rtcp': 5001, subtitles: 5002 },
  firstSpeaker: {},
  srtp: ['AEAD_AES_128_GCM'],
};
const secrets = [Buffer.alloc(28, 1).toString('base64'), Buffer.alloc(28, 2).toString('base64')] as const;
const keys = { video: { suite: 'AEAD_AES_128_GCM', server: secrets[0], appliance: secrets[1] } } as const;
const here = new AbortController().signal;

test('keys go from the media server to the appliance that asked, and nowhere else', async () => {
  const heard: string[] = [];
  const note = (fields: object, message: string) => void heard.push(JSON.stringify(fields), message);
  const log = { ...silentLog, info: note, warn: note, error: note, debug: note };
  const clock = new VirtualClock();
  const configuration = new FakeConfigurationServer(heard);
  configuration.until = clock.now() + 10_000;
  const server = new FakeMediaServer(heard);
  server.protecting = {
    keys,
    protection: {
      video: { protection: 'srtp' },
      'video-rtcp': { protection: 'srtp' },
      subtitles: { protection: 'clear', clearBecause: 'over TCP' },
    },
  };
  using ending = new DisposableStack();
  const lifetime = new AbortController();
  ending.defer(() => lifetime.abort());
  const shelf = contentShelf([server], clock, 5_000, lifetime.signal);
  const parts = { configuration, shelf, clock, log, portalId: 'self::portal-1', lifetime: lifetime.signal };
  const desk = ending.use(requestDesk({ ...parts, stopwatch: () => clock.now() }, [server]));

  const answer = await desk.take(tv, body, here);
  assert.ok(answer.kind === 'granted');
  assert.deepEqual(server.starts[0]?.srtp, ['AEAD_AES_128_GCM']);
  assert.deepEqual(answer.value.keys, keys);
  assert.deepEqual(
    contentAnswer.parse(answer.value).streams.map(({ id, protection, clearBecause }) => [id, protection, clearBecause]),
    [
      ['video', 'srtp', undefined],
      ['video-rtcp', 'srtp', undefined],
      ['subtitles', 'clear', 'over TCP'],
    ],
  );
  const { sessionId } = answer.value;
  const views = [await desk.look(tv, sessionId, here), await desk.leave(tv, sessionId, 'appliance-left', here)];
  const told = JSON.stringify([heard, views, configuration.requests]);
  assert.ok(heard.length > 2 && views.every(({ kind }) => kind === 'granted'));
  assert.ok(secrets.every((secret) => !told.includes(secret)));
});

test('a media server that sends protected only is answered for as what it is, and the home is closed again', async () => {
  const said: string[] = [];
  const clock = new VirtualClock();
  const configuration = new FakeConfigurationServer(said);
  const server = new FakeMediaServer(said);
  server.refusal = refuse('protection-missing', 'the appliance offers no SRTP', 'video');
  const shelf = contentShelf([server], clock, 5_000, here);
  const parts = { configuration, shelf, clock, log: silentLog, portalId: 'self::portal-1', lifetime: here };
  using desk = requestDesk({ ...parts, stopwatch: () => clock.now() }, [server]);
  const answer = await desk.take(tv, { ...body, srtp: [] }, here);
  assert.ok(answer.kind === 'refused');
  assert.equal(answer.refusal.code, 'protection-missing');
  assert.ok(
    said.some((line) => line.startsWith('close')),
    said.join(),
  );
});
