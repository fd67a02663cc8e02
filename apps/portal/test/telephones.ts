import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { silentLog, VirtualClock } from '@sluice/io';
import { digestSecret } from '@sluice/wire/http-auth';
import { contentShelf } from '../shelf.ts';
import { SipDesk } from '../sip/desk.ts';
import { PhoneDigest } from '../sip/digest.ts';
import { OwnRequests } from '../sip/own-requests.ts';
import { Registrar } from '../sip/registrar.ts';
import { FakeCalls } from './fake-calls.ts';
import { FakeConfigurationServer } from './fake-parts.ts';
import { ScriptedPhone, sdpAt } from './scripted-phone.ts';

/** Who may register, and with what. */
export const passwords = new Map(Object.entries({ alice: 'one', bob: 'two', carol: 'three' }));
/** As the configuration names them; carol by what stands for her password. */
const users = [...passwords].map(([name, password]) =>
  name === 'carol' ? { name, ha1: digestSecret(name, 'sluice.example', password, 'MD5') } : { name, password },
);

/** Until what was begun has come as far as it can. */
export const turn = async () => {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A telephone exchange between fakes of the other parts. */
export function world(t: TestContext) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const configuration = new FakeConfigurationServer(said);
  configuration.until = clock.now() + 3_600_000;
  const calls = new FakeCalls(configuration);
  const ending = new AbortController();
  const registrar = new Registrar(clock, 'sluice.example', new PhoneDigest(clock, 'sluice.example', users));
  const desk = new SipDesk(
    {
      ...{ portalId: 'self::portal-1', configuration, calls, clock, log: silentLog, stopwatch: () => clock.now() },
      ...{ starter: 'portal', startIdOf: () => '' },
      shelf: contentShelf([], clock, 5_000, ending.signal),
      ...{ lifetime: ending.signal, own: new OwnRequests(clock), branchKey: new Uint8Array(32) },
    },
    registrar,
  );
  t.after(() => ending.abort());
  const phone = (user: string, address: string, port = 40_000) => new ScriptedPhone(desk, user, { address, port });
  return { clock, said, configuration, calls, desk, phone };
}

/** Alice and bob, registered, in two homes. */
export function homes(t: TestContext) {
  const all = world(t);
  const alice = all.phone('alice', '203.0.113.1');
  const bob = all.phone('bob', '203.0.113.2');
  assert.equal(alice.register('one').status, 200);
  assert.equal(bob.register('two').status, 200);
  for (const each of [alice, bob]) each.heard.length = 0;
  const invite = (parts = {}) =>
    alice.request('INVITE', bob.address, `<${bob.address}>`, { body: sdpAt('192.168.1.2', 4000), seq: 100, ...parts });
  /** Until both talk. */
  const talk = async () => {
    alice.say(invite());
    await turn();
    bob.respond(bob.asked('INVITE'), 200, sdpAt('192.168.1.7', 6000));
    await turn();
    const tag = '<sip:bob@sluice.example>;tag=bob';
    alice.say(alice.request('ACK', 'sip:bob@192.168.1.2:5060', tag, { seq: 100, branch: 'z9hG4bKack' }));
    return { tag };
  };
  return { ...all, alice, bob, invite, talk };
}
