import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import { readConnectionRequest } from '@sluice/wire/cwmp';
import { attribute, buildStun, messageType, parseStun, readAddressValue, type StunAttribute } from '@sluice/wire/stun';
import { listenStun } from './index.ts';
import { home, listeningAcs, type TestAcs } from './test/listening-acs.ts';
import { callIn, RawDevice } from './test/raw-device.ts';
import { wakeable } from './test/wakeable.ts';

const patient = () => AbortSignal.timeout(5_000);
const login = { username: 'home', password: 'sesame' };
const connectionRequest = { username: 'acs', password: 'secret' };
const get = { name: 'GetParameterValues', names: ['A.'] } as const;
const values = { name: 'GetParameterValuesResponse', values: [] } as const;
const urlParameter = 'InternetGatewayDevice.ManagementServer.ConnectionRequestURL';

/** A session that tells where the device is woken, and ends. */
async function tell(device: RawDevice, parameters: Record<string, string>): Promise<void> {
  await device.inform(['1 BOOT'], parameters);
  assert.equal((await device.say()).status, 204);
}

/** The session that a device begins when it was woken: it answers what it is asked until its connection is gone. */
async function come(device: RawDevice): Promise<void> {
  try {
    await device.inform();
    for (let answer = await device.say(); answer.status === 200; ) answer = await device.say(values, callIn(answer).id);
  } catch {
    // The test is over.
  }
}

const ask = (server: TestAcs, signal = patient()) => server.acs.alone('home', signal, (to) => to.ask(get, signal));

for (const [title, options] of Object.entries({
  'with Digest on one connection': { login: connectionRequest },
  'with Digest, each step on a new connection': { login: connectionRequest, hangsUp: true },
  'with Digest, a connection that is closed without a word': { login: connectionRequest, hangsUp: 'silently' as const },
  'without Digest': {},
}))
  test(`a device without a session is woken over HTTP, ${title}`, async () => {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login });
    await using woken = await wakeable({ ...options, onWake: () => void come(device) });
    await tell(device, { [urlParameter]: woken.url });
    // Several who want something at once wake it once.
    assert.deepEqual(await Promise.all([ask(server), ask(server)]), [values, values]);
    assert.equal(woken.asked.length, 'login' in options ? 2 : 1);
    assert.equal(woken.connections, 'hangsUp' in options ? 2 : 1);
    device.hangUp();
  });

for (const [title, answer] of Object.entries({
  'refuses our Digest': undefined,
  'asks for Basic': { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
  'sends us elsewhere': { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
  'knows no such address': { status: 404 },
}))
  test(`a device that ${title} is out of reach at once, and no password was shown`, async () => {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login });
    const guard = { username: 'acs', password: 'another' };
    await using woken = await wakeable(answer ? { answer } : { login: guard });
    await tell(device, { [urlParameter]: woken.url });
    await assert.rejects(ask(server), (error) => error instanceof Unreachable && /cannot be woken/.test(error.message));
    for (const header of woken.asked) assert.ok(!header || (/^Digest /.test(header) && !/secret/.test(header)));
    device.hangUp();
  });

test('a device that says it is busy will come', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await using woken = await wakeable({ answer: { status: 503 } });
  await tell(device, { [urlParameter]: woken.url });
  const work = ask(server);
  void come(device);
  assert.deepEqual(await work, values);
  device.hangUp();
});

test('a device that was woken and does not come is given up, by the caller or in time', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  const { promise: wokenAt, resolve: onWake } = Promise.withResolvers<void>();
  await using woken = await wakeable({ onWake });
  await tell(device, { [urlParameter]: woken.url });
  const leaving = new AbortController();
  const left = assert.rejects(ask(server, leaving.signal), /left/);
  const stays = assert.rejects(ask(server), Unreachable);
  await wokenAt;
  leaving.abort(new Error('left'));
  await left;
  await new Promise((resolve) => setImmediate(resolve));
  await server.clock.pass(31_000);
  await stays;
  device.hangUp();
});

test('a request that nobody waits for any more is broken off, and the next one is made anew', async () => {
  let hangs = true;
  const devices: RawDevice[] = [];
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<Socket>();
  const port = createServer((request, response) => {
    if (hangs) return onAsked(request.socket);
    response.writeHead(204).end();
    for (const device of devices) void come(device);
  });
  await new Promise<void>((resolve) => port.listen(0, '127.0.0.1', resolve));
  try {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login });
    devices.push(device);
    await tell(device, { [urlParameter]: `http://127.0.0.1:${(port.address() as AddressInfo).port}/` });
    const leaving = new AbortController();
    const left = assert.rejects(ask(server, leaving.signal), /left/);
    const socket = await asked;
    const gone = once(socket, 'close');
    leaving.abort(new Error('left'));
    hangs = false;
    assert.deepEqual(await ask(server), values);
    await Promise.all([left, gone]);
    device.hangUp();
  } finally {
    port.close();
  }
});

test('who waits for a device that nobody can wake is told at once, and why', async () => {
  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{}, /tells no address/],
    [{ [urlParameter]: 'ftp://127.0.0.1/' }, /no http:/],
    // Nothing of ours goes to where the device does not call from: it could have named anybody.
    [{ [urlParameter]: 'http://192.0.2.9:7547/x' }, /names 192\.0\.2\.9, and called from 127\.0\.0\.1/],
    [{ [urlParameter]: 'http://localhost:7547/x' }, /names localhost/],
  ];
  await using server = await listeningAcs();
  await assert.rejects(ask(server), /has not called/);
  await assert.rejects(
    server.acs.alone('nobody', patient(), (to) => to.ask(get, patient())),
    /registered as no CWMP device/,
  );
  const device = new RawDevice({ port: server.port, login });
  for (const [parameters, why] of wrong) {
    await tell(device, parameters);
    await assert.rejects(ask(server), why);
  }
  device.hangUp();
});

test('a registered address counts, whatever the device says', async () => {
  const devices: RawDevice[] = [];
  await using woken = await wakeable({ onWake: () => void devices.map(come) });
  await using server = await listeningAcs([{ ...home, connectionRequestUrl: woken.url }]);
  const device = new RawDevice({ port: server.port, login });
  devices.push(device);
  assert.deepEqual(await ask(server), values);
  device.hangUp();
});

/** A device behind a NAT, with the port that it listens on. */
async function natted() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  return { socket, port, [Symbol.dispose]: () => void socket.close() };
}

const transaction = Uint8Array.from([0x21, 0x12, 0xa4, 0x42, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const bindingRequest = (password?: string, more: readonly StunAttribute[] = []) =>
  buildStun(
    {
      type: messageType.bindingRequest,
      transaction,
      attributes: [
        { type: attribute.connectionRequestBinding, value: Buffer.from('dslforum.org/TR-111 ') },
        { type: attribute.username, value: Buffer.from('acs') },
        ...more,
      ],
    },
    password,
  );

const findHome = { byConnectionRequestName: async (name: string) => (name === 'acs' ? home : undefined) };
const quiet = { debug() {}, info() {}, warn() {} };

test('a device learns where it is seen, and is woken there by a signed datagram from the same port', async () => {
  await using server = await listeningAcs();
  await using stun = await listenStun({ host: '127.0.0.1', port: 0, devices: findHome, log: quiet });
  server.acs.bindings = stun.bindings;
  using nat = await natted();
  nat.socket.send(bindingRequest('secret'), stun.port, '127.0.0.1');
  const [answer] = (await once(nat.socket, 'message')) as [Buffer];
  const read = parseStun(answer) ?? assert.fail();
  assert.equal(read.type, messageType.bindingResponse);
  assert.deepEqual(read.transaction, transaction);
  const mapped = read.attributes.find(({ type }) => type === attribute.mappedAddress);
  assert.deepEqual(readAddressValue(mapped?.value ?? Buffer.alloc(0)), {
    address: Uint8Array.of(127, 0, 0, 1),
    port: nat.port,
  });
  assert.ok(read.attributes.some(({ type }) => type === attribute.xorMappedAddress));
  // The answer and what is kept of the request are two steps.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(stun.bindings.of('home'), { address: '127.0.0.1', port: nat.port });

  const device = new RawDevice({ port: server.port, login });
  const work = ask(server);
  const [text, from] = (await once(nat.socket, 'message')) as [Buffer, AddressInfo];
  assert.equal(from.port, stun.port);
  const said = readConnectionRequest(text.toString(), 'secret') ?? assert.fail('not signed');
  assert.equal(said.username, 'acs');
  assert.equal(said.ts, Math.floor(server.clock.now() / 1_000));
  const again = once(nat.socket, 'message');
  await server.clock.pass(400);
  assert.equal(((await again) as [Buffer])[0].toString(), text.toString());
  void come(device);
  assert.deepEqual(await work, values);
  device.hangUp();
});

test('a binding that its device did not sign draws nothing, and nobody is answered elsewhere', async () => {
  await using stun = await listenStun({ host: '127.0.0.1', port: 0, devices: findHome, log: quiet });
  using nat = await natted();
  using other = await natted();
  const elsewhere = (address: readonly number[], port: number) => ({
    type: attribute.responseAddress,
    value: Uint8Array.of(0, 1, port >> 8, port & 255, ...address),
  });
  for (const password of [undefined, 'guess']) {
    nat.socket.send(bindingRequest(password), stun.port, '127.0.0.1');
    await once(nat.socket, 'message');
  }
  // To another port of the asker's own address the answer goes; to another address it does not.
  nat.socket.send(bindingRequest(undefined, [elsewhere([127, 0, 0, 2], other.port)]), stun.port, '127.0.0.1');
  nat.socket.send(Buffer.from('no STUN'), stun.port, '127.0.0.1');
  nat.socket.send(bindingRequest(undefined, [elsewhere([127, 0, 0, 1], other.port)]), stun.port, '127.0.0.1');
  const [answer] = (await once(other.socket, 'message')) as [Buffer];
  assert.equal(parseStun(answer)?.type, messageType.bindingResponse);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stun.bindings.of('home'), undefined);
});

test('a device that tells its UDP address itself is woken there, where it calls from it', async () => {
  await using server = await listeningAcs();
  await using stun = await listenStun({ host: '127.0.0.1', port: 0, devices: findHome, log: quiet });
  server.acs.bindings = stun.bindings;
  using nat = await natted();
  const device = new RawDevice({ port: server.port, login });
  const name = 'InternetGatewayDevice.ManagementServer.UDPConnectionRequestAddress';
  await tell(device, { [name]: '192.0.2.7:5000' });
  await assert.rejects(ask(server), Unreachable);
  await tell(device, { [name]: `127.0.0.1:${nat.port}` });
  const work = ask(server);
  const [text] = (await once(nat.socket, 'message')) as [Buffer];
  assert.ok(readConnectionRequest(text.toString(), 'secret'));
  void come(device);
  assert.deepEqual(await work, values);
  device.hangUp();
});
