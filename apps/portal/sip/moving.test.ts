import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@sluice/model';
import { headerOf } from '@sluice/wire/sip';
import { hold } from '../test/fake-parts.ts';
import { placeIn, sdpAt } from '../test/scripted-phone.ts';
import { homes, turn } from '../test/telephones.ts';

const contact = 'sip:bob@192.168.1.2:5060';
const old = sdpAt('192.168.1.7', 6000);

/** A call in which alice has asked to be heard at port 4444 from now on. */
async function moving(t: Parameters<typeof homes>[0]) {
  const world = homes(t);
  const { alice, talk } = world;
  const { tag } = await talk();
  const move = alice.request('INVITE', contact, tag, { seq: 101, body: sdpAt('192.168.1.2', 4444) });
  return { ...world, tag, move };
}

test('other ports: the homes are open for them before the answer is told, and only then closed for the old ones', async (t) => {
  const { alice, bob, calls, said, move, tag } = await moving(t);
  alice.say(move);
  await turn();
  assert.equal(placeIn(bob.asked('INVITE')), '203.0.113.1 20010');
  assert.deepEqual(said, [], 'nothing is opened by an offer');
  calls.holdOpen = hold();
  bob.respond(bob.asked('INVITE'), 200, old);
  bob.respond(bob.asked('INVITE'), 200, old);
  await turn();
  assert.equal(alice.script().filter((each) => each === '200').length, 1, 'not before they are open');
  calls.holdOpen.release();
  await turn();
  assert.deepEqual(said, ['open c2', 'close c appliance-left']);
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30010');
  assert.equal(calls.calls[1]?.caller.streams[0]?.localPort, 4444);
  bob.respond(bob.asked('INVITE'), 200, old);
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30010', 'an answer that was lost is told again');
  const held = sdpAt('192.168.1.2', 4444, ['a=sendonly']);
  alice.say(alice.request('INVITE', contact, tag, { seq: 102, body: held }));
  assert.equal(placeIn(bob.asked('INVITE')), '203.0.113.1 20010', 'a hold keeps the new way');
  alice.say(alice.request('BYE', contact, tag, { seq: 103 }));
  assert.deepEqual(said, ['open c2', 'close c appliance-left', 'close c2 appliance-left']);
  assert.equal(calls.calls.length, 2);
});

test('the one who was called may move, too', async (t) => {
  const { alice, bob, calls } = await moving(t);
  const body = sdpAt('192.168.1.7', 6666);
  const to = '<sip:alice@sluice.example>;tag=alice';
  bob.say(bob.request('INVITE', 'sip:alice@192.168.1.2:5060', to, { callId: 'call-of-alice', body }));
  await turn();
  alice.respond(alice.asked('INVITE'), 200, sdpAt('192.168.1.2', 4000));
  await turn();
  assert.deepEqual(
    [calls.calls[1]?.caller.applianceId, calls.calls[1]?.caller.streams[0]?.localPort],
    ['phone:bob', 6666],
  );
  assert.equal(bob.answer().status, 200);
});

test('one that is not wanted leaves the call as it was', async (t) => {
  const { alice, bob, said, move, tag } = await moving(t);
  alice.say(move);
  await turn();
  bob.respond(bob.asked('INVITE'), 488);
  assert.equal(alice.answer().status, 488);
  const same = sdpAt('192.168.1.2', 4000, ['a=sendonly']);
  alice.say(alice.request('INVITE', contact, tag, { seq: 102, body: same }));
  assert.equal(placeIn(bob.asked('INVITE')), '203.0.113.1 20000');
  assert.deepEqual(said, []);
});

test('one that no gateway opens ends the call: one of them has moved already', async (t) => {
  const { alice, bob, calls, said, move } = await moving(t);
  calls.refusal = refuse('quota-exceeded', 'too many openings');
  alice.say(move);
  await turn();
  bob.respond(bob.asked('INVITE'), 200, old);
  await turn();
  assert.match(headerOf(alice.answer(), 'warning') ?? '', /quota-exceeded/);
  assert.ok(alice.script().includes('BYE') && bob.script().includes('BYE'));
  assert.deepEqual(said, ['close c appliance-left']);
});

test('hung up while the homes are being opened anew: they are closed again', async (t) => {
  const { alice, bob, calls, said, move, tag } = await moving(t);
  calls.holdOpen = hold();
  alice.say(move);
  await turn();
  bob.respond(bob.asked('INVITE'), 200, old);
  await turn();
  alice.say(alice.request('BYE', contact, tag, { seq: 102 }));
  calls.holdOpen.release();
  await turn();
  assert.deepEqual(said, ['close c appliance-left', 'open c2', 'close c2 appliance-left']);
});

test('two that move at once: the later one is to wait; and what is lost goes on again', async (t) => {
  const { alice, bob, move } = await moving(t);
  alice.say(move);
  await turn();
  alice.say(move);
  assert.equal(bob.script().filter((each) => each === 'INVITE').length, 3, 'with the one that began the call');
  const to = '<sip:alice@sluice.example>;tag=alice';
  const body = sdpAt('192.168.1.7', 6666);
  bob.say(bob.request('INVITE', 'sip:alice@192.168.1.2:5060', to, { callId: 'call-of-alice', body }));
  assert.equal(bob.answer().status, 491);
});

test('an answer that names other ports than the early media did is none', async (t) => {
  const { alice, bob, invite, said } = homes(t);
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 183, old);
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6666));
  await turn();
  assert.equal(alice.answer().status, 488);
  assert.ok(bob.script().includes('BYE'));
  assert.deepEqual(said, ['close c appliance-left']);
});
