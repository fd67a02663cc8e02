import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LinkAnswer, type LinkQuestion, linkAnswer, linkQuestion } from '@sluice/api';
import { type Driver, Untrusted } from '@sluice/driver';
import { VirtualClock } from '@sluice/io';
import type { GrantedOpening, Opening, Outcome } from '@sluice/model';
import {
  type Mishap,
  SimulatedGateway,
  simulatedDriver,
  strongTraits,
} from '../../../packages/control/test/simulated-gateway.ts';
import { Answering } from './answering.ts';
import { OwnRequests } from './own-requests.ts';
import { ProbeWatch } from './probe-watch.ts';

const patient = new AbortController().signal;
const server = { address: '203.0.113.10', port: 7000 };
const no: Mishap = { kind: 'refuse', refusal: { code: 'ports-exhausted', message: 'the table is full' } };

const asked = (n: number, change: Partial<Opening> = {}): Opening => ({
  id: `s1-${n}`,
  streamType: 'rtp',
  remote: server,
  local: { address: '192.168.1.2', port: 5000 + n },
  globalPort: 20_000 + n,
  until: 10_000,
  ...change,
});

/** An appliance that asked for five streams, behind a gateway that does one thing at a time. */
function appliance(traits = { ...strongTraits, atomic: false, ackMeansHeld: false, findsDevice: false }) {
  const clock = new VirtualClock();
  const home = new SimulatedGateway(clock, traits, 'box');
  const driver: Driver = { ...(simulatedDriver([home]) as Driver), type: 'pcp' };
  const requests = new OwnRequests(() => new Set(['192.168.1.2']));
  requests.ask([0, 1, 2, 3, 4].map((n) => ({ transport: 'udp', port: 5000 + n, remote: server })));
  const look = async () => ({ router4: '192.168.1.1', hasIpv6: false, missing: { igd: 'nobody' } });
  const answering = new Answering({ drivers: [driver], requests, watch: new ProbeWatch(clock), clock, look });
  let id = 0;
  /** Asks over the wire, as it were: what a schema drops or refuses does not arrive. */
  const ask = async (question: object, signal = patient): Promise<LinkAnswer> => {
    const gateway = { gatewayId: 'box', type: 'pcp', communication: {} };
    const sent = linkQuestion.parse({
      id: ++id,
      now: clock.now(),
      withinMs: 3_000,
      gateway,
      ...question,
    }) as LinkQuestion;
    return linkAnswer.parse(JSON.parse(JSON.stringify(await answering.answer(sent, signal))));
  };
  const apply = async (change: object, signal = patient): Promise<Outcome> => {
    const { answer } = await ask({ ask: 'apply', open: [], renew: [], close: [], ...change }, signal);
    assert.equal(answer.kind, 'outcome', JSON.stringify(answer));
    return (answer as { outcome: Outcome }).outcome;
  };
  return { clock, home, driver, answering, ask, apply };
}

const grantedBy = (outcome: Outcome): readonly GrantedOpening[] => {
  assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
  return outcome.kind === 'applied' ? outcome.granted : [];
};

test('a change is made step by step, looked at, and told as seen', async () => {
  const { home, apply } = appliance();
  const outcome = await apply({ open: [asked(0), asked(1), asked(2)] });
  assert.deepEqual(
    grantedBy(outcome).map(({ id }) => id),
    ['s1-0', 's1-1', 's1-2'],
  );
  assert.equal(outcome.kind === 'applied' && outcome.seen, true);
  assert.equal(home.applied.length, 3);
  assert.equal(home.held.length, 3);
});

test('where one of several is refused, those before it are taken back, the last first', async () => {
  const { home, apply } = appliance();
  home.mishaps.push(undefined, undefined, no);
  const outcome = await apply({ open: [0, 1, 2, 3].map((n) => asked(n)) });
  assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'ports-exhausted');
  assert.deepEqual(
    home.applied.flatMap(({ close }) => close.map(({ id }) => id)),
    ['s1-1', 's1-0'],
  );
  assert.deepEqual(home.held, []);
});

test('what cannot be taken back makes it unknown, not refused', async () => {
  const { home, apply } = appliance();
  home.mishaps.push(undefined, no, no);
  const outcome = await apply({ open: [asked(0), asked(1)] });
  assert.equal(outcome.kind, 'unknown');
  assert.equal(home.held.length, 1);
});

test('a gateway that says yes and did nothing is found out', async () => {
  const { home, apply } = appliance();
  home.mishaps.push(undefined, { kind: 'twist', twist: () => undefined });
  const outcome = await apply({ open: [asked(0), asked(1)] });
  assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'gateway-refused');
  assert.deepEqual(home.held, []);
});

test('a step whose answer is lost makes the change unknown', async () => {
  const { home, apply } = appliance();
  home.mishaps.push(undefined, { kind: 'answer-lost' });
  const late = new AbortController();
  const outcome = apply({ open: [asked(0), asked(1)] }, late.signal);
  await new Promise((resolve) => setImmediate(resolve));
  late.abort(new Error('too late'));
  assert.equal((await outcome).kind, 'unknown');
});

const notAsked: [string, Opening][] = [
  ['another device', asked(0, { local: { address: '192.168.1.3', port: 5000 } })],
  ['another port', asked(0, { local: { address: '192.168.1.2', port: 22 } })],
  ['another server', asked(0, { remote: { address: '203.0.113.66', port: 7000 } })],
  ['any port of the server', asked(0, { remote: { address: server.address } })],
];
for (const [title, opening] of notAsked) {
  test(`what was not asked for is not opened: ${title}`, async () => {
    const { home, apply } = appliance();
    const outcome = await apply({ open: [asked(1), opening] });
    assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'not-asked-for');
    assert.deepEqual(home.applied, []);
  });
}

test("another device's openings are neither renewed nor closed, nor called ours", async () => {
  const { home, apply, ask } = appliance();
  const [own] = grantedBy(await apply({ open: [asked(0)] }));
  assert.ok(own);
  const others: GrantedOpening = { ...own, id: 's2-0', local: { address: '192.168.1.3', port: 5000 } };
  home.plant(others);
  for (const change of [{ close: [others] }, { renew: [{ opening: others, until: 20_000 }] }]) {
    const outcome = await apply(change);
    assert.equal(outcome.kind === 'refused' && outcome.refusal.code, 'not-asked-for');
  }
  const { answer } = await ask({ ask: 'observe', believed: [own] });
  assert.ok(answer.kind === 'observed');
  assert.deepEqual(
    answer.observed.ours.map(({ opening }) => opening.id),
    ['s1-0'],
  );
  assert.equal(answer.observed.foreign, home.foreign + 1);
});

test('renewing, closing and closing again', async () => {
  const { clock, home, apply } = appliance();
  const [own] = grantedBy(await apply({ open: [asked(0, { until: clock.now() + 10_000 })] }));
  const until = clock.now() + 60_000;
  await apply({ renew: [{ opening: own, until }] });
  assert.equal(home.held[0]?.until, until);
  for (let times = 0; times < 2; times++) assert.equal((await apply({ close: [own] })).kind, 'applied');
  assert.deepEqual(home.held, []);
});

test("instants are by the asker's clock, however wrong this device's is", async () => {
  const { clock, home, ask } = appliance();
  const now = clock.now() + 86_400_000;
  const open = [asked(0, { until: now + 10_000 })];
  const { answer } = await ask({ now, ask: 'apply', open, renew: [], close: [] });
  assert.equal(home.held[0]?.until, clock.now() + 10_000);
  const [granted] = grantedBy((answer as { outcome: Outcome }).outcome);
  assert.equal(granted?.until, now + 10_000);
  const seen = (await ask({ now, ask: 'observe', believed: [granted] })).answer;
  assert.ok(seen.kind === 'observed');
  assert.deepEqual([seen.observed.at, seen.observed.ours[0]?.opening.until], [now, now + 10_000]);
});

test('the addresses and the traits of the very gateway are told', async () => {
  const { home, ask } = appliance();
  const { answer, traits } = await ask({ ask: 'addresses' });
  assert.deepEqual(answer, { kind: 'addresses', addresses: home.addresses });
  assert.deepEqual(traits, home.traits);
});

test('a type that this appliance does not speak, a gateway that does not answer, and one that is not the one meant', async () => {
  const { home, driver, ask } = appliance();
  const unspoken = await ask({ ask: 'addresses', gateway: { gatewayId: 'box', type: 'cwmp', communication: {} } });
  assert.equal(unspoken.answer.kind, 'unreachable');
  home.online = false;
  assert.equal((await ask({ ask: 'addresses' })).answer.kind, 'unreachable');
  home.online = true;
  assert.equal((await ask({ ask: 'addresses' })).answer.kind, 'addresses');
  home.disconnect();
  assert.equal((await ask({ ask: 'addresses' })).answer.kind, 'unreachable');
  assert.equal((await ask({ ask: 'addresses' })).answer.kind, 'addresses', 'connected anew');
  const clock = new VirtualClock();
  const impostor: Driver = { ...driver, connect: () => Promise.reject(new Untrusted('another host key')) };
  const requests = new OwnRequests(() => new Set());
  const wary = new Answering({ drivers: [impostor], requests, watch: new ProbeWatch(clock), clock });
  const gateway = { gatewayId: 'box', type: 'pcp', communication: {} };
  const { answer } = await wary.answer({ id: 1, now: 0, withinMs: 3_000, gateway, ask: 'addresses' }, patient);
  assert.equal(answer.kind, 'untrusted');
});

test('what is seen of a gateway is told whichever that is, and by who looks alone', async () => {
  const { ask } = appliance();
  const { answer } = await ask({ ask: 'look', gateway: undefined });
  const sightings = { router4: '192.168.1.1', hasIpv6: false, missing: { igd: 'nobody' } };
  assert.deepEqual(answer, { kind: 'sightings', sightings });
  const clock = new VirtualClock();
  const blind = { drivers: [], requests: new OwnRequests(() => new Set()), watch: new ProbeWatch(clock), clock };
  const question = { id: 1, now: 0, withinMs: 1_000, ask: 'look' } as const;
  assert.equal((await new Answering(blind).answer(question, patient)).answer.kind, 'unreachable');
  const failing = { ...blind, look: () => Promise.reject(new Error('enough')) };
  assert.deepEqual((await new Answering(failing).answer(question, patient)).answer, {
    kind: 'unreachable',
    reason: 'enough',
  });
});
