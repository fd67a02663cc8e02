import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '@sluice/model';
import { headerOf, headersOf } from '@sluice/wire/sip';
import { hold } from '../test/fake-parts.ts';
import { placeIn, sdpAt } from '../test/scripted-phone.ts';
import { homes, passwords, turn, world } from '../test/telephones.ts';

test('only who shows the password registers, from where it was asked for it, and for a minute', async (t) => {
  const { phone, clock } = world(t);
  const alice = phone('alice', '203.0.113.1');
  assert.equal(alice.register('two').status, 401);
  assert.equal(phone('mallory', '203.0.113.9').register('one').status, 401);
  const right = alice.register('one', [{ name: 'Expires', value: '3600' }]);
  assert.equal(right.status, 200);
  assert.match(headerOf(right, 'contact') ?? '', /expires=60$/);
  assert.match(headerOf(right, 'via') ?? '', /rport=40000;received=203\.0\.113\.1/);
  // A nonce is of no use to who overheard it elsewhere.
  const overheard = alice.heard.length;
  const elsewhere = phone('alice', '203.0.113.66');
  const said = alice.request('REGISTER', 'sip:sluice.example', `<${alice.address}>`);
  elsewhere.say(said);
  assert.equal(elsewhere.answer().status, 401);
  assert.equal(alice.heard.length, overheard);
  await clock.pass(400_000);
  const bob = phone('bob', '203.0.113.2');
  bob.register('two');
  bob.say(bob.request('INVITE', alice.address, `<${alice.address}>`, { body: sdpAt('192.168.1.2', 6000) }));
  await turn();
  assert.equal(bob.answer().status, 480, 'who did not register again is not there');
});

test('a call: nothing is open while it rings; then each is told where the other is let in', async (t) => {
  const { alice, bob, calls, invite, said } = homes(t);
  alice.say(invite());
  await turn();
  assert.deepEqual(alice.script(), ['100']);
  const ringing = bob.asked('INVITE');
  assert.equal(placeIn(ringing), '203.0.113.1 20000');
  assert.equal(ringing.uri, 'sip:bob@192.168.1.2:5060');
  assert.equal(headerOf(ringing, 'max-forwards'), '69');
  bob.respond(ringing, 180);
  assert.equal(calls.calls.length, 0);
  bob.respond(ringing, 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.deepEqual(alice.script(), ['100', '180', '200']);
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30000');
  assert.equal(headersOf(alice.answer(), 'via').length, 1, 'the portal takes its own Via off');
  const [call] = calls.calls;
  assert.deepEqual([call?.caller.applianceId, call?.callee.applianceId], ['phone:alice', 'phone:bob']);
  assert.deepEqual(call?.caller.flow.transport, 'udp');
  assert.deepEqual(call?.callee.streams, [
    { id: 'audio', streamType: 'rtp', localPort: 6000 },
    { id: 'audio-rtcp', streamType: 'rtcp', localPort: 6001, pairedWith: 'audio' },
  ]);
  assert.deepEqual([call?.caller.localAddresses, call?.callee.localAddresses], [['192.168.1.2'], ['192.168.1.7']]);
  const tag = '<sip:bob@sluice.example>;tag=bob';
  alice.say(alice.request('BYE', 'sip:bob@192.168.1.2:5060', tag, { seq: 101 }));
  assert.deepEqual(said, ['close c appliance-left'], 'the homes are closed before anybody answers');
  bob.respond(bob.asked('BYE'), 200);
  assert.equal(alice.answer().status, 200);
});

test('what is sent again is answered again, and opens nothing again', async (t) => {
  const { alice, bob, calls, invite } = homes(t);
  calls.holdOpen = hold();
  alice.say(invite());
  await turn();
  alice.say(invite());
  assert.deepEqual(alice.script(), ['100', '100']);
  const asked = bob.asked('INVITE');
  bob.respond(asked, 200, sdpAt('192.168.1.7', 6000));
  bob.respond(asked, 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.deepEqual(alice.script(), ['100', '100'], 'not before the homes are open');
  calls.holdOpen.release();
  await turn();
  bob.respond(asked, 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.deepEqual(alice.script(), ['100', '100', '200', '200']);
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30000');
  assert.equal(calls.calls.length, 1);
});

test('an INVITE that is lost goes out again, for half a minute', async (t) => {
  const { alice, bob, invite, clock } = homes(t);
  alice.say(invite());
  await turn();
  await clock.pass(3_000);
  assert.equal(bob.script().filter((each) => each === 'INVITE').length, 3);
  await clock.pass(40_000);
  assert.equal(alice.answer().status, 408);
});

test('early media: the homes are open before the sound of the way is told of', async (t) => {
  const { alice, bob, calls, invite } = homes(t);
  alice.say(invite());
  await turn();
  const asked = bob.asked('INVITE');
  bob.respond(asked, 183, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.equal(calls.calls.length, 1);
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30000');
  bob.respond(asked, 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.deepEqual(alice.script(), ['100', '183', '200']);
  assert.equal(calls.calls.length, 1);
});

test('busy, and a caller that gives up: nothing was opened', async (t) => {
  const { alice, bob, calls, invite } = homes(t);
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 486);
  assert.equal(alice.answer().status, 486);
  const again = { callId: 'second', seq: 110 };
  alice.say(invite(again));
  await turn();
  alice.say(alice.request('CANCEL', bob.address, `<${bob.address}>`, again));
  assert.deepEqual(alice.script().slice(-2), ['200', '487']);
  assert.deepEqual(headersOf(bob.asked('CANCEL'), 'via'), headersOf(bob.asked('INVITE'), 'via').slice(0, 1));
  assert.deepEqual(calls.calls, []);
});

test('a home that is not opened: who called is told why, and who lifted the receiver that it is over', async (t) => {
  const { alice, bob, calls, invite, said } = homes(t);
  calls.refusal = refuse('paused', 'the household paused its gateway');
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.equal(alice.answer().status, 403);
  assert.match(headerOf(alice.answer(), 'warning') ?? '', /paused: the household paused its gateway/);
  assert.deepEqual(bob.script(), ['INVITE', 'ACK', 'BYE']);
  assert.match(headerOf(bob.asked('BYE'), 'to') ?? '', /tag=bob/);
  assert.deepEqual(said, []);
});

test('given up while the homes are being opened: they are closed again', async (t) => {
  const { alice, bob, calls, invite, said } = homes(t);
  calls.holdOpen = hold();
  alice.say(invite());
  await turn();
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  alice.say(alice.request('CANCEL', bob.address, `<${bob.address}>`, { seq: 100 }));
  assert.deepEqual(alice.script(), ['100', '200', '487']);
  calls.holdOpen.release();
  await turn();
  assert.deepEqual(said, ['close c appliance-left']);
  assert.ok(bob.script().includes('BYE'));
});

test('in one home the offer goes as it is, and no gateway is asked', async (t) => {
  const { alice, bob, calls, invite } = homes(t);
  calls.way = 'direct';
  alice.say(invite());
  await turn();
  assert.equal(placeIn(bob.asked('INVITE')), '192.168.1.2 4000');
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
  await turn();
  assert.equal(placeIn(alice.answer()), '192.168.1.7 6000');
  assert.deepEqual(calls.calls, []);
});

test('held and taken up again the ends stay', async (t) => {
  const { alice, bob, calls, talk } = homes(t);
  const { tag } = await talk();
  const contact = 'sip:bob@192.168.1.2:5060';
  const held = sdpAt('192.168.1.2', 4000, ['a=sendonly']);
  alice.say(alice.request('INVITE', contact, tag, { seq: 101, body: held }));
  assert.equal(placeIn(bob.asked('INVITE')), '203.0.113.1 20000');
  assert.match(new TextDecoder().decode(bob.asked('INVITE').body), /a=sendonly/);
  bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000, ['a=recvonly']));
  assert.equal(placeIn(alice.answer()), '203.0.113.2 30000');
  assert.equal(calls.calls.length, 1);
});

test('a phone that is gone: the other is told, and the homes are closed', async (t) => {
  const { alice, bob, said, clock, talk } = homes(t);
  await talk();
  await clock.pass(60_000);
  for (const each of [alice, bob]) each.register(passwords.get(each.user) ?? '');
  assert.deepEqual(said, []);
  bob.isGone = true;
  await clock.pass(20_000);
  await turn();
  assert.deepEqual(said, ['close c appliance-left']);
  const bye = alice.asked('BYE');
  assert.match(headerOf(bye, 'from') ?? '', /bob@sluice\.example>;tag=bob/);
  assert.match(headerOf(bye, 'reason') ?? '', /bob is gone/);
});

test('homes that somebody else closed are no call any more', async (t) => {
  const { alice, bob, configuration, clock, talk } = homes(t);
  configuration.until = clock.now() + 30_000;
  await talk();
  const session = configuration.sessions.get('c') ?? assert.fail();
  configuration.sessions.set('c', { ...session, state: 'closed', closeReason: 'household' });
  await clock.pass(32_000);
  await turn();
  assert.ok(alice.script().includes('BYE') && bob.script().includes('BYE'));
});

test('nobody speaks in a call that is not his, or in another’s name', async (t) => {
  const { alice, bob, said, phone, calls, invite, talk } = homes(t);
  const { tag } = await talk();
  const mallory = phone('mallory', '203.0.113.66');
  const from = `<${alice.address}>;tag=alice`;
  mallory.say(mallory.request('BYE', 'sip:bob@192.168.1.2:5060', tag, { callId: 'call-of-alice', from }));
  assert.equal(mallory.answer().status, 403);
  bob.say(
    bob.request('BYE', 'sip:alice@192.168.1.2:5060', `<${alice.address}>;tag=other`, { callId: 'call-of-alice' }),
  );
  assert.equal(bob.answer().status, 481);
  assert.deepEqual(said, []);
  mallory.say({ ...invite({ callId: 'm' }), uri: bob.address });
  assert.equal(mallory.answer().status, 403);
  alice.say(invite({ callId: 'n', from: '<sip:bob@sluice.example>;tag=x' }));
  assert.equal(alice.answer().status, 403);
  alice.say(invite({ callId: 'o', body: '' }));
  await turn();
  assert.equal(alice.answer().status, 488);
  assert.equal(calls.calls.length, 1);
});

test('what goes in circles, too far, or is of no kind that is spoken here', async (t) => {
  const { alice, bob, invite } = homes(t);
  const statusOf = (message: Parameters<typeof alice.say>[0]) => {
    alice.say(message);
    return alice.answer().status;
  };
  const hops = invite({ callId: 'h' });
  const none = hops.headers.map((header) => (header.name === 'Max-Forwards' ? { ...header, value: '0' } : header));
  assert.equal(statusOf({ ...hops, headers: none }), 483);
  alice.say(invite());
  await turn();
  const passed = bob.asked('INVITE');
  bob.say({
    ...passed,
    headers: passed.headers.map((each) => (each.name === 'Call-ID' ? { ...each, value: 'l' } : each)),
  });
  assert.equal(bob.answer().status, 482);
  assert.equal(statusOf(alice.request('SUBSCRIBE', bob.address, `<${bob.address}>`, { callId: 's' })), 405);
  assert.equal(statusOf(alice.request('BYE', bob.address, `<${bob.address}>`, { callId: 'b' })), 481);
  assert.equal(statusOf(invite({ callId: 'nobody', headers: [{ name: 'Require', value: '100rel' }] })), 420);
  const before = alice.heard.length;
  alice.say(alice.request('ACK', bob.address, `<${bob.address}>`, { callId: 'a' }));
  assert.equal(alice.heard.length, before, 'an ACK is never answered');
});

test('a portal that ends hangs up for all', async (t) => {
  const { alice, bob, desk, said, talk } = homes(t);
  await talk();
  const ended = desk[Symbol.asyncDispose]();
  alice.respond(alice.asked('BYE'), 200);
  bob.respond(bob.asked('BYE'), 200);
  await ended;
  assert.deepEqual(said, ['close c appliance-left']);
});
