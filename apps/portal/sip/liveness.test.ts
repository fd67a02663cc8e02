import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@sluice/io';
import { headerOf, type SipRequest } from '@sluice/wire/sip';
import { homes, turn } from '../test/telephones.ts';
import type { Parties, Party } from './dialog.ts';
import { whyGone } from './liveness.ts';
import { branchCookie, OwnRequests } from './own-requests.ts';
import type { PhoneFlow } from './phone-flow.ts';

/** Asks the one who was called; `status` is what his phone says, undefined where it says nothing. */
async function asked(status: number | undefined) {
  const clock = new VirtualClock();
  const own = new OwnRequests(clock);
  const heard: SipRequest[] = [];
  const flow: PhoneFlow = {
    transport: 'udp',
    key: 'k',
    seen: { portal: { address: '203.0.113.20', port: 5060 }, observed: { address: '203.0.113.2', port: 40_000 } },
    send(message) {
      if (message.kind !== 'request') return;
      heard.push(message);
      const branch = /branch=([^;]+)/.exec(headerOf(message, 'via') ?? '')?.[1] ?? '';
      if (status !== undefined)
        queueMicrotask(() => own.take(branch, { ...message, kind: 'response', status, reason: 'Said' }));
    },
  };
  const party = (user: string, cseq: number): Party => ({
    ...{ user, flow, contact: `sip:${user}@192.168.1.2`, address: `<sip:${user}@sluice.example>;tag=${user}`, cseq },
    ...{ streams: [], ends: [] },
  });
  const parties: Parties = { caller: party('alice', 100), callee: party('bob', 0) };
  const reasons = Promise.all([whyGone(own, 'c', 'callee', parties), whyGone(own, 'c', 'caller', parties)]);
  await clock.pass(9_000);
  return { reasons: await reasons, heard, parties };
}

test('a phone that answers is in the call, whatever it says, unless it says that there is none', async () => {
  for (const status of [200, 405, 415, 500, 501])
    assert.deepEqual((await asked(status)).reasons, [undefined, undefined]);
  assert.deepEqual((await asked(481)).reasons, ['bob hung up, and that was lost', 'alice hung up, and that was lost']);
  assert.deepEqual((await asked(undefined)).reasons, ['the phone of bob is gone', 'the phone of alice is gone']);
});

test('it is asked within the dialog, in the other’s name, with no number that the other will use', async () => {
  const { heard, parties } = await asked(200);
  const [toBob, toAlice] = heard;
  assert.ok(toBob && toAlice);
  assert.equal(toBob.uri, parties.callee.contact);
  assert.deepEqual(
    ['from', 'to', 'call-id', 'cseq'].map((name) => headerOf(toBob, name)),
    [parties.caller.address, parties.callee.address, 'c', '100 INFO'],
  );
  assert.equal(headerOf(toAlice, 'cseq'), '1 INFO');
  assert.ok(headerOf(toBob, 'via')?.includes(`${branchCookie}-own-`));
  assert.deepEqual([parties.caller.cseq, parties.callee.cseq], [100, 0]);
});

test('a BYE that was lost: the other one is told all the same, and the homes are closed within 18 s', async (t) => {
  const { alice, bob, said, clock, talk } = homes(t);
  await talk();
  await clock.pass(15_000);
  assert.deepEqual(said, []);
  alice.hasForgotten = true;
  await clock.pass(18_000);
  await turn();
  assert.deepEqual(said, ['close c appliance-left']);
  assert.match(headerOf(bob.asked('BYE'), 'from') ?? '', /alice@sluice\.example>;tag=alice/);
  assert.match(headerOf(bob.asked('BYE'), 'reason') ?? '', /alice hung up, and that was lost/);
});
