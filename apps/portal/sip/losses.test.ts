import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@sluice/model';
import { headerOf, headersOf } from '@sluice/wire/sip';
import { placeIn, sdpAt } from '../test/scripted-phone.ts';
import { homes, turn } from '../test/telephones.ts';

const count = (script: readonly string[], word: string) => script.filter((each) => each === word).length;

test('early media, and the caller gives up: it rings no more, and the homes are closed', async (t) => {
  const { alice, bob, invite, said } = homes(t);
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 183, sdpAt('192.168.1.7', 6000));
  await turn();
  alice.say(alice.request('CANCEL', bob.address, `<${bob.address}>`, { seq: 100 }));
  assert.deepEqual(alice.script(), ['100', '183', '200', '487']);
  assert.ok(bob.asked('CANCEL'));
  assert.deepEqual(said, ['close c appliance-left']);
});

test('early media that nobody ends do not last for ever', async (t) => {
  const { alice, bob, invite, said, clock } = homes(t);
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 183, sdpAt('192.168.1.7', 6000));
  await turn();
  await clock.pass(180_000);
  assert.equal(alice.answer().status, 408);
  assert.deepEqual(said, ['close c appliance-left']);
  assert.ok(!alice.script().includes('BYE'), 'nothing was answered, so nothing is hung up');
});

test('a home whose opening was not heard of is found, and closed', async (t) => {
  const { alice, bob, invite, calls, configuration, clock, said } = homes(t);
  calls.lostAnswers = 1;
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.equal(alice.answer().status, 503);
  assert.equal(configuration.sessions.get('c')?.state, 'open');
  await clock.pass(1_000);
  assert.deepEqual(said, ['close c appliance-left']);
  assert.equal(calls.calls[0]?.requestId, calls.calls[1]?.requestId);
});

test('a session that is over already is no call', async (t) => {
  const { alice, bob, invite, calls } = homes(t);
  const { openCall } = calls;
  calls.openCall = async (call) => {
    const answer = await openCall.call(calls, call);
    return answer.kind === 'granted' ? { ...answer, value: { ...answer.value, state: 'closed' } } : answer;
  };
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.ok(alice.answer().status >= 400);
  assert.ok(bob.script().includes('BYE'));
});

test('two calls are never asked for with one id, whatever the phones call them', async (t) => {
  const { alice, bob, invite, calls, clock } = homes(t);
  for (let n = 0; n < 2; n++) {
    alice.say(invite());
    await turn();
    bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
    await turn();
    const tag = '<sip:bob@sluice.example>;tag=bob';
    alice.say(alice.request('BYE', 'sip:bob@192.168.1.2:5060', tag, { seq: 101 }));
    await clock.pass(33_000);
    for (const each of [alice, bob]) each.heard.length = 0;
  }
  const [one, two] = calls.calls;
  assert.ok(one && two && one.requestId !== two.requestId);
});

test('a refusal that is lost is said again until it is acknowledged (RFC 3261 17.2.1), to who called alone', async (t) => {
  const { alice, bob, invite, calls, clock } = homes(t);
  calls.refusal = refuse('paused', 'the household paused its gateway');
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  await clock.pass(1_600);
  assert.equal(count(alice.script(), '403'), 3);
  const acks = count(bob.script(), 'ACK');
  alice.say(alice.request('ACK', bob.address, headerOf(alice.answer(), 'to') ?? '', { seq: 100 }));
  await clock.pass(30_000);
  assert.equal(count(alice.script(), '403'), 3);
  assert.equal(count(bob.script(), 'ACK'), acks);
});

test('a CANCEL that is lost is said again until it is heard, and how the ringing ended is acknowledged', async (t) => {
  const { alice, bob, invite, clock } = homes(t);
  alice.say(invite());
  await turn();
  const rung = bob.asked('INVITE');
  bob.respond(rung, 180);
  alice.say(alice.request('CANCEL', bob.address, `<${bob.address}>`, { seq: 100 }));
  await clock.pass(1_600);
  assert.equal(count(bob.script(), 'CANCEL'), 3);
  bob.respond(bob.asked('CANCEL'), 200);
  bob.respond(rung, 487);
  await clock.pass(20_000);
  assert.equal(count(bob.script(), 'CANCEL'), 3);
  const ack = bob.asked('ACK');
  assert.deepEqual(headersOf(ack, 'via'), headersOf(rung, 'via').slice(0, 1));
  assert.match(headerOf(ack, 'to') ?? '', /tag=bob/);
  assert.equal(headerOf(ack, 'cseq'), '100 ACK');
});

test('what is of a call that nobody knows of any more begins none', async (t) => {
  const { alice, bob, calls, talk } = homes(t);
  const { tag } = await talk();
  alice.say(alice.request('INVITE', bob.address, tag, { callId: 'before', body: sdpAt('192.168.1.2', 4000) }));
  await turn();
  assert.equal(alice.answer().status, 481);
  assert.equal(calls.calls.length, 1);
});

test('calls that are over do not stand in the way of another', async (t) => {
  const { alice, bob, invite } = homes(t);
  for (let n = 0; n < 6; n++) {
    alice.say(invite({ callId: `again-${n}` }));
    await turn();
    bob.respond(bob.asked('INVITE'), 486);
    assert.match(headerOf(alice.answer(), 'to') ?? '', /tag=bob/, 'bob’s own word that he is busy');
    bob.heard.length = 0;
  }
});

test('hold in the old way stays one', async (t) => {
  const { alice, bob, talk } = homes(t);
  const { tag } = await talk();
  const body = sdpAt('192.168.1.2', 4000).replace('c=IN IP4 192.168.1.2', 'c=IN IP4 0.0.0.0');
  alice.say(alice.request('INVITE', 'sip:bob@192.168.1.2:5060', tag, { seq: 101, body }));
  assert.equal(placeIn(bob.asked('INVITE')), '0.0.0.0 20000');
});

test('who has what stands for a password registers, and nobody moves a call by another dialog’s tags', async (t) => {
  const { alice, bob, phone, calls, talk } = homes(t);
  assert.equal(phone('carol', '203.0.113.3').register('three').status, 200);
  assert.equal(phone('carol', '203.0.113.4').register('four').status, 401);
  await talk();
  const body = sdpAt('192.168.1.2', 4444);
  const heard = bob.heard.length;
  for (const method of ['INVITE', 'UPDATE', 'INFO']) {
    alice.say(alice.request(method, bob.address, '<sip:bob@sluice.example>;tag=guessed', { body }));
    assert.equal(alice.answer().status, 481);
  }
  await turn();
  assert.deepEqual([bob.heard.length, calls.proposals], [heard, 1]);
});

test('a portal that ends waits until the homes are closed, also those of early media', async (t) => {
  const { alice, bob, invite, desk, configuration } = homes(t);
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 183, sdpAt('192.168.1.7', 6000));
  await turn();
  const { close } = configuration;
  configuration.close = async (...asked) => {
    await turn();
    return close.apply(configuration, asked);
  };
  await desk[Symbol.asyncDispose]();
  assert.equal(configuration.sessions.get('c')?.state, 'closed');
});
