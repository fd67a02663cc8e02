import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { homes } from '../topologies/home.ts';
import { startPhone } from './baresip.ts';
import { secondsOfTone } from './tone.ts';

test('two phones of Debian’s on one network hear each other', { timeout: 60_000 }, async ({ signal }) => {
  await using network = await buildNetwork(homes(), 'phones', signal);
  const phone = (host: string, name: string, toneHz: number) => {
    const options = {
      address: network.address(host, 4),
      name,
      password: 'x',
      domain: network.address(host, 4),
      toneHz,
    };
    return startPhone({ namespace: network.namespace(host), ...options }, signal);
  };
  await using alice = await phone('tv-1', 'alice', 440);
  await using bob = await phone('tablet-1', 'bob', 1_000);
  await alice.command('dial', `sip:bob@${network.address('tablet-1', 4)}`);
  await Promise.all([alice, bob].map((each) => each.said(/Call established/, signal)));
  await setTimeout(2_000, undefined, { signal });
  await alice.command('hangup');
  await bob.said(/session closed/, signal);
  await alice.said(/terminated/, signal);
  assert.ok(secondsOfTone(alice.heard(), 1_000) > 1, 'alice heard bob');
  assert.ok(secondsOfTone(bob.heard(), 440) > 1, 'bob heard alice');
  assert.equal(secondsOfTone(bob.heard(), 1_000), 0);
});
