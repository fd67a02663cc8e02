import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { answerDigest, buildBasic, buildDigestChallenge, parseDigestChallenge } from '@sluice/wire/http-auth';
import type { CwmpDevice } from './index.ts';
import { Nonces } from './nonces.ts';
import { home, listeningAcs } from './test/listening-acs.ts';
import { RawDevice } from './test/raw-device.ts';

const login = { username: 'home', password: 'sesame' };
const other: CwmpDevice = {
  gatewayId: 'other',
  identity: '00D09E-2',
  login: { username: 'other', password: 'open' },
};

const strangers: Record<
  string,
  { readonly identity?: CwmpDevice; readonly login?: typeof login; readonly serial?: string }
> = {
  'shows nothing': {},
  'shows a wrong password': { login: { username: 'home', password: 'guess' } },
  'shows a wrong name': { login: { username: 'Home', password: 'sesame' } },
  'is not registered': { login, serial: '3' },
  'says it is another one': { login, serial: '2' },
};
for (const [title, { login: shown, serial = '1' }] of Object.entries(strangers))
  test(`a device that ${title} begins no session, and is told no more than to prove itself`, async () => {
    await using server = await listeningAcs([home, other]);
    const device = new RawDevice({
      port: server.port,
      identity: { oui: '00D09E', serialNumber: serial },
      ...(shown && { login: shown }),
    });
    const answer = await device.inform();
    assert.equal(answer.status, 401);
    assert.equal(answer.envelope, undefined);
    assert.equal(answer.cookie, undefined);
    // Basic is not asked for where others can listen.
    assert.equal(answer.challenges.length, 1);
    assert.ok(parseDigestChallenge(answer.challenges[0] ?? ''));
    assert.equal(server.contacts.length, 0);
    assert.equal(server.acs.sessions, 0);
    device.hangUp();
  });

test('a password in the clear does not count without TLS', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port });
  assert.equal((await device.post('x', { authorization: buildBasic('home', 'sesame') })).status, 401);
  device.hangUp();
});

test('a proven connection is good for its own device only', async () => {
  await using server = await listeningAcs([home, other]);
  const device = new RawDevice({ port: server.port, login });
  assert.equal((await device.inform()).status, 200);
  const body = (serial: string) =>
    `<Envelope><Body><Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>${serial}</SerialNumber></DeviceId></Inform></Body></Envelope>`;
  assert.equal((await device.post(body('2'))).status, 401);
  assert.equal((await device.post(body('1'))).status, 200);
  device.hangUp();
});

test('a proof that was overheard is good for nothing', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port });
  const body =
    '<Envelope><Body><Inform><DeviceId><OUI>00d09e</OUI><SerialNumber>1</SerialNumber></DeviceId></Inform></Body></Envelope>';
  const challenge = parseDigestChallenge((await device.post(body)).challenges[0] ?? '') ?? assert.fail();
  for (const qop of [true, false]) {
    const fresh = parseDigestChallenge((await device.post(body)).challenges[0] ?? '') ?? assert.fail();
    const proof = answerDigest({ ...fresh, qop }, { method: 'POST', uri: '/', cnonce: 'c' }, login);
    assert.equal((await device.post(body, { authorization: proof })).status, 200);
    const thief = new RawDevice({ port: server.port });
    const again = await thief.post(body, { authorization: proof });
    assert.equal(again.status, 401, `qop ${qop}`);
    assert.match(again.challenges[0] ?? '', /stale=true/);
    thief.hangUp();
    device.hangUp();
  }
  const forged = answerDigest({ ...challenge, nonce: 'mine' }, { method: 'POST', uri: '/', cnonce: 'c' }, login);
  assert.equal((await device.post(body, { authorization: forged })).status, 401);
  await server.clock.pass(300_001);
  const late = answerDigest(challenge, { method: 'POST', uri: '/', cnonce: 'c' }, login);
  assert.equal((await device.post(body, { authorization: late })).status, 401);
  device.hangUp();
});

test('nonces: each use once, while they are young, and only our own', () => {
  const clock = new VirtualClock();
  const nonces = new Nonces(clock);
  const [here, there] = [{}, {}];
  const one = nonces.issue();
  assert.equal(nonces.use(one, 1, here), 'good');
  assert.equal(nonces.use(one, 1, here), 'stale');
  assert.equal(nonces.use(one, 2, there), 'good');
  assert.equal(nonces.use(one, 1, there), 'stale');
  const two = nonces.issue();
  assert.equal(nonces.use(two, undefined, here), 'good');
  assert.equal(nonces.use(two, undefined, here), 'good');
  assert.equal(nonces.use(two, undefined, there), 'stale');
  for (const forged of ['', '..', one.slice(1), `${one}x`, new Nonces(clock).issue()])
    assert.equal(nonces.use(forged, 1, here), 'foreign', forged);
  assert.notEqual(one, two);
  assert.equal(one.length, 32);
  assert.ok(parseDigestChallenge(buildDigestChallenge({ realm: 'r', nonce: one, algorithm: 'MD5', qop: true })));
});

test('a nonce that was used is remembered as long as it is good', async () => {
  const clock = new VirtualClock();
  const nonces = new Nonces(clock);
  const nonce = nonces.issue();
  assert.equal(nonces.use(nonce, 1, {}), 'good');
  await clock.pass(299_000);
  nonces.use(nonces.issue(), 1, {});
  assert.equal(nonces.use(nonce, 1, {}), 'stale');
  await clock.pass(2_000);
  assert.equal(nonces.use(nonce, 2, {}), 'stale');
});

test('what is no POST, and what has no session, gets nothing', async () => {
  await using server = await listeningAcs();
  for (const method of ['GET', 'PUT', 'OPTIONS']) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, { method });
    assert.equal(answer.status, 405, method);
  }
  const device = new RawDevice({ port: server.port, login });
  device.cookie = 'session=00000000000000000000000000000000';
  assert.equal((await device.say()).status, 204);
  device.hangUp();
});

test('there are as many sessions as are allowed, and no more', async () => {
  await using server = await listeningAcs([home, other], { sessions: 1 });
  const one = new RawDevice({ port: server.port, login });
  const two = new RawDevice({
    port: server.port,
    identity: { oui: '00D09E', serialNumber: '2' },
    login: { username: 'other', password: 'open' },
  });
  assert.equal((await one.inform()).status, 200);
  assert.equal((await two.inform()).status, 503);
  assert.equal((await one.inform()).status, 200);
  assert.equal((await one.say()).status, 204);
  assert.equal((await two.inform()).status, 200);
  one.hangUp();
  two.hangUp();
});

test('a device that goes on connecting keeps its newest connections, and takes no room from others', async () => {
  await using server = await listeningAcs();
  const devices = Array.from({ length: 6 }, () => new RawDevice({ port: server.port, login }));
  for (const device of devices) assert.equal((await device.inform()).status, 200);
  // The first two were closed; the last one's session goes on.
  const last = devices.at(-1);
  assert.equal((await last?.say())?.status, 204);
  const body =
    '<Envelope><Body><Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>1</SerialNumber></DeviceId></Inform></Body></Envelope>';
  const again = await Promise.all(devices.slice(0, 5).map((device) => device.post(body).then(({ status }) => status)));
  // A connection that is there still proves whose it is; a new one has to.
  assert.deepEqual(again, [401, 401, 200, 200, 200]);
  for (const device of devices) device.hangUp();
});

test('header names are written as the standards write them, and bodies begin with their envelope', async () => {
  await using server = await listeningAcs();
  const body =
    '<Envelope><Body><Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>1</SerialNumber></DeviceId></Inform></Body></Envelope>';
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  const ask = async (authorization = ''): Promise<string> => {
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`);
    return String((await once(socket, 'data'))[0]);
  };
  const unknown = await ask();
  assert.match(unknown, /\r\nWWW-Authenticate: Digest /);
  assert.match(unknown, /\r\nContent-Length: 0\r\n/);
  const challenge = parseDigestChallenge(/WWW-Authenticate: (.*)\r\n/.exec(unknown)?.[1] ?? '') ?? assert.fail();
  const proof = answerDigest(challenge, { method: 'POST', uri: '/', cnonce: 'c' }, login);
  const known = await ask(`Authorization: ${proof}\r\n`);
  assert.match(known, /\r\nSet-Cookie: session=[0-9a-f]{32}; /);
  assert.match(known, /\r\nContent-Type: text\/xml; charset="utf-8"\r\n/);
  assert.match(known, /\r\n\r\n<soap-env:Envelope /);
  socket.destroy();
});

test('a registration that changed or is gone is proven anew, also on a connection that was good before', async () => {
  const devices: CwmpDevice[] = [home];
  await using server = await listeningAcs(devices);
  const device = new RawDevice({ port: server.port, login });
  const body =
    '<Envelope><Body><Inform><DeviceId><OUI>00D09E</OUI><SerialNumber>1</SerialNumber></DeviceId></Inform></Body></Envelope>';
  assert.equal((await device.inform()).status, 200);
  assert.equal((await device.post(body)).status, 200);
  devices[0] = { ...home, login: { username: 'home', password: 'changed' } };
  assert.equal((await device.post(body)).status, 401);
  assert.equal((await device.inform()).status, 401);
  devices.length = 0;
  assert.equal((await device.post(body)).status, 401);
  device.hangUp();
});
