import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreachable } from '@sluice/driver';
import { AnswerLost } from './index.ts';
import { listeningAcs } from './test/listening-acs.ts';
import { callIn, RawDevice, type RawDeviceOptions } from './test/raw-device.ts';

const patient = () => AbortSignal.timeout(5_000);
const login = { username: 'home', password: 'sesame' };
const get = { name: 'GetParameterValues', names: ['A.'] } as const;
const add = { name: 'AddObject', objectName: 'A.', parameterKey: '' } as const;
const values = { name: 'GetParameterValuesResponse', values: [] } as const;
const added = { name: 'AddObjectResponse', instanceNumber: 1, status: 0 } as const;

const links: Record<string, Partial<RawDeviceOptions>> = {
  'a cookie on one connection': {},
  'a cookie, each step on another connection': { connectsAnew: true },
  'one connection without a cookie': { returnsCookie: false },
  'its password alone, each step on another connection without a cookie': { connectsAnew: true, returnsCookie: false },
};
for (const [title, options] of Object.entries(links))
  test(`a session by ${title}: calls go out one after the other, and are held for more`, async () => {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login, ...options });
    const begun = await device.inform();
    assert.equal(begun.status, 200);
    assert.deepEqual(begun.envelope?.message, { name: 'InformResponse' });
    const work = server.acs.alone('home', patient(), async ({ ask }) => [
      await ask(get, patient()),
      await ask(add, patient()),
    ]);
    const first = callIn(await device.say());
    assert.deepEqual(first.call, get);
    const second = callIn(await device.say(values, first.id));
    assert.deepEqual(second.call, add);
    const held = device.say(added, second.id);
    assert.deepEqual(await work, [values, added]);
    // More work within the time that the session is held needs no other session.
    const more = server.acs.alone('home', patient(), ({ ask }) => ask(get, patient()));
    const third = callIn(await held);
    const ending = device.say(values, third.id);
    assert.deepEqual(await more, values);
    assert.equal(server.contacts.length, 1);
    await server.clock.pass(3_100);
    assert.equal((await ending).status, 204);
    assert.equal(server.acs.sessions, 0);
    device.hangUp();
  });

test('a session without work ends with its first empty body, and is not held', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await device.inform(['2 PERIODIC']);
  assert.equal((await device.say()).status, 204);
  assert.equal(server.acs.sessions, 0);
  // The same connection begins another: it has proven already whose it is.
  assert.equal((await device.post(await informBody())).status, 200);
  device.hangUp();
});

test('work that begins when a session does is waited for', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  const { promise: thought, resolve: think } = Promise.withResolvers<void>();
  let work: Promise<unknown> | undefined;
  server.onInform = () => {
    work = thought.then(() => server.acs.alone('home', patient(), ({ ask }) => ask(get, patient())));
    return work;
  };
  await device.inform(['1 BOOT']);
  const held = device.say();
  await server.clock.pass(1_000);
  think();
  const { id } = callIn(await held);
  const ending = device.say(values, id);
  await work;
  await server.clock.pass(3_100);
  assert.equal((await ending).status, 204);
  device.hangUp();
});

test("a device's own calls are answered, known or not", async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await device.inform();
  const complete = await device.say({ name: 'Other', method: 'TransferComplete' }, 'x');
  assert.deepEqual(complete.envelope?.message, { name: 'Other', method: 'TransferCompleteResponse' });
  assert.equal(complete.envelope?.id, 'x');
  const methods = (await device.say({ name: 'GetRPCMethods' })).envelope?.message;
  assert.ok(methods?.name === 'GetRPCMethodsResponse' && methods.methods.includes('Inform'));
  const unknown = (await device.say({ name: 'Other', method: 'Kicked' })).envelope?.message;
  assert.ok(unknown?.name === 'Fault' && unknown.code === 8000);
  device.hangUp();
});

const wrongAnswers: Record<string, (device: RawDevice, ids: readonly [string, string]) => Promise<unknown>> = {
  'answers another call of its session': (device, [first]) => device.say(added, first),
  'answers with another kind': (device, [, second]) => device.say(values, second),
  'answers with nothing': (device) => device.say(),
  'sends no message': (device) => device.post('<a><b></a>', { cookie: device.cookie ?? '' }),
  'sends an entity bomb': (device) =>
    device.post('<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>', { cookie: device.cookie ?? '' }),
  'sends a megabyte': (device) => device.post('x'.repeat(1 << 20), { cookie: device.cookie ?? '' }).catch(() => {}),
  'begins another session': (device) => device.inform(),
  'does not answer': async () => {},
};
for (const [title, act] of Object.entries(wrongAnswers))
  test(`a device that ${title}: what it was asked is not known, and its session is over`, async () => {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login });
    await device.inform();
    const work = server.acs.alone('home', patient(), async ({ ask }) => {
      await ask(add, patient());
      return ask(add, patient());
    });
    const failed = assert.rejects(work, AnswerLost);
    const first = callIn(await device.say());
    const second = callIn(await device.say(added, first.id));
    await act(device, [first.id, second.id]);
    await server.clock.pass(31_000);
    await failed;
    assert.equal(server.acs.sessions, title === 'begins another session' ? 1 : 0);
    device.hangUp();
  });

test('an answer twice: the second is not taken for the answer to the next call', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await device.inform();
  const work = server.acs.alone('home', patient(), async ({ ask }) => {
    const one = await ask(add, patient());
    return [one, await ask(add, patient()).catch((error: unknown) => error)];
  });
  const { id } = callIn(await device.say());
  await device.say(added, id);
  assert.equal((await device.say({ ...added, instanceNumber: 2 }, id)).status, 400);
  const [one, two] = await work;
  assert.deepEqual(one, added);
  assert.ok(two instanceof AnswerLost);
  device.hangUp();
});

test('an id of a device’s own invention does, where the kind of the answer is right', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await device.inform();
  const work = server.acs.alone('home', patient(), ({ ask }) => ask(add, patient()));
  callIn(await device.say());
  void device.say(added, '77').catch(() => {});
  assert.deepEqual(await work, added);
  device.hangUp();
});

test('a device without a cookie whose connection is gone has lost its session; with one it may come back', async () => {
  for (const returnsCookie of [false, true]) {
    await using server = await listeningAcs();
    const device = new RawDevice({ port: server.port, login, returnsCookie });
    await device.inform();
    const work = server.acs.alone('home', patient(), ({ ask }) => ask(add, patient())).catch((error: unknown) => error);
    const { id } = callIn(await device.say());
    device.hangUp();
    if (returnsCookie) {
      void device.say(added, id).catch(() => {});
      assert.deepEqual(await work, added);
    } else assert.ok((await work) instanceof AnswerLost);
    device.hangUp();
  }
});

test('who leaves before a call went out has asked nothing, who leaves later does not know', async () => {
  await using server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  const leaving = new AbortController();
  const before = server.acs.alone('home', leaving.signal, ({ ask }) => ask(add, leaving.signal));
  leaving.abort(new Error('left'));
  await assert.rejects(before, /left|cannot be woken/);
  await device.inform();
  const later = new AbortController();
  const after = server.acs.alone('home', patient(), ({ ask }) => ask(add, later.signal));
  const { id } = callIn(await device.say());
  later.abort(new Error('left'));
  await assert.rejects(after, AnswerLost);
  // The session goes on: the answer that nobody waits for makes room for the next call.
  const next = server.acs.alone('home', patient(), ({ ask }) => ask(get, patient()));
  const following = callIn(await device.say(added, id));
  assert.deepEqual(following.call, get);
  void device.say(values, following.id).catch(() => {});
  assert.deepEqual(await next, values);
  device.hangUp();
});

test('when the ACS ends, nothing is reached any more', async () => {
  const server = await listeningAcs();
  const device = new RawDevice({ port: server.port, login });
  await device.inform();
  const work = assert.rejects(
    server.acs.alone('home', patient(), ({ ask }) => ask(add, patient())),
    AnswerLost,
  );
  callIn(await device.say());
  await server[Symbol.asyncDispose]();
  await work;
  await assert.rejects(
    server.acs.alone('home', patient(), ({ ask }) => ask(add, patient())),
    Unreachable,
  );
  device.hangUp();
});

async function informBody(): Promise<string> {
  const { writeEnvelope } = await import('@sluice/wire/cwmp');
  return writeEnvelope({
    namespace: 'urn:dslforum-org:cwmp-1-0',
    id: '1',
    message: {
      name: 'Inform',
      deviceId: { manufacturer: '', oui: '00D09E', productClass: '', serialNumber: '1' },
      events: [],
      currentTime: '',
      retryCount: 0,
      parameters: [],
    },
  });
}
