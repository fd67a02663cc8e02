import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Driver, Unreachable } from '@sluice/driver';
import { silentLog, VirtualClock } from '@sluice/io';
import type { GrantedOpening, Opening, Outcome } from '@sluice/model';
import { SimulatedGateway, simulatedDriver, strongTraits } from '../../../packages/control/test/simulated-gateway.ts';
import { OwnRequests } from '../../appliance/gateway/own-requests.ts';
import { appliancePair, deviceAddresses } from '../test/through-appliance.ts';
import { byAppliance } from './driver.ts';
import { ApplianceLinks } from './links.ts';

const tv = 'self::tv-1';
const remote = { address: '203.0.113.10', port: 7000 };
const patient = new AbortController().signal;
const gateway = { gatewayId: 'box', type: 'pcp', communication: { through: 'appliance', appliance: tv } } as const;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function wished(clock: VirtualClock, port: number): Opening {
  const local = { address: '192.168.1.2', port };
  return { id: `s1-${port}`, streamType: 'udp', remote, local, globalPort: 20_000, until: clock.now() + 60_000 };
}

/** A program of the appliance that asked for one port, behind the home's one gateway. */
function home() {
  const clock = new VirtualClock();
  const news: string[] = [];
  const pair = appliancePair(clock, {
    applianceCameBack: (applianceId) => news.push(`${applianceId} came back`),
    applianceLost: (applianceId) => news.push(`${applianceId} lost`),
  });
  const box = new SimulatedGateway(clock, strongTraits, 'box');
  const program = (port: number): Disposable => {
    const requests = new OwnRequests(() => deviceAddresses);
    requests.ask([{ transport: 'udp', port, remote }]);
    return pair.connect(tv, requests, [{ ...(simulatedDriver([box]) as Driver), type: 'pcp' }]);
  };
  const driver = byAppliance({ type: 'pcp', traits: strongTraits }, { links: pair.links, clock, exchangeMs: 3_000 });
  return { clock, news, pair, box, program, driver };
}

function grantedBy(outcome: Outcome): readonly GrantedOpening[] {
  assert.equal(outcome.kind, 'applied', JSON.stringify(outcome));
  return outcome.kind === 'applied' ? outcome.granted : [];
}

test('the program that asked opens, and goes on with what it opened', async () => {
  const { clock, box, program, driver, pair } = home();
  const first = program(5000);
  program(5001);
  await using session = await driver.connect(gateway, patient);
  const [granted] = grantedBy(await session.apply({ open: [wished(clock, 5000)], renew: [], close: [] }, patient));
  assert.ok(granted);
  assert.equal(pair.links.of(tv).length, 2);
  assert.equal((await session.observe([granted], patient)).ours.length, 1);
  const until = clock.now() + 90_000;
  await session.apply({ open: [], renew: [{ opening: granted, until }], close: [] }, patient);
  assert.equal(box.held[0]?.until, until);
  const nobody = await session.apply({ open: [wished(clock, 22)], renew: [], close: [] }, patient);
  assert.equal(nobody.kind === 'refused' && nobody.refusal.code, 'not-asked-for');
  first[Symbol.dispose]();
  // The other program can still close what leads to its own device.
  assert.equal((await session.apply({ open: [], renew: [], close: [granted] }, patient)).kind, 'applied');
  assert.deepEqual(box.held, []);
});

test('an appliance that is not connected is waited for, and not for long', async () => {
  const { clock, program, driver } = home();
  const connecting = driver.connect(gateway, patient);
  await clock.pass(1_000);
  program(5000);
  await connecting;
  const other = { ...gateway, communication: { through: 'appliance', appliance: 'self::tv-9' } };
  const late = assert.rejects(driver.connect(other, patient), Unreachable);
  await clock.pass(2_500);
  await late;
});

test('an appliance that goes before it is asked did nothing; one that goes while it is asked may have', async () => {
  const { clock, program, driver, pair, news } = home();
  const away = program(5000);
  await using session = await driver.connect(gateway, patient);
  pair.loseNextAnswer();
  const step = { open: [wished(clock, 5000)], renew: [], close: [] };
  const asked = session.apply(step, patient);
  await turn();
  away[Symbol.dispose]();
  assert.equal((await asked).kind, 'unknown');
  const then = await session.apply(step, patient);
  assert.equal(then.kind === 'refused' && then.refusal.code, 'gateway-offline');
  await assert.rejects(session.addresses(patient), Unreachable);
  assert.deepEqual(news, [`${tv} came back`, `${tv} lost`]);
});

test('one question at a time; one that nobody waits for any more lets the next in', async () => {
  const { clock, program, driver, pair, box } = home();
  program(5000);
  await using session = await driver.connect(gateway, patient);
  pair.loseNextQuestion();
  const impatient = new AbortController();
  const lost = session.apply({ open: [wished(clock, 5000)], renew: [], close: [] }, impatient.signal);
  const next = session.apply({ open: [wished(clock, 5000)], renew: [], close: [] }, patient);
  await turn();
  assert.equal(box.held.length, 0);
  impatient.abort(new Error('too late'));
  assert.equal((await lost).kind, 'unknown');
  assert.equal((await next).kind, 'applied');
});

test('a portal speaks for its own links alone, and an appliance has a few', () => {
  const news: string[] = [];
  const links = new ApplianceLinks(silentLog, {
    applianceCameBack: () => news.push('back'),
    applianceLost: () => news.push('lost'),
  });
  let stream = '';
  const one = links.openStream('self::portal-1', (event) => {
    stream = (event as { stream?: string }).stream ?? stream;
  });
  const announce = (portalId: string, link: string, name = stream) =>
    links.announce(portalId, { stream: name, link, applianceId: tv });
  assert.equal(announce('self::portal-2', 'a')?.code, 'not-permitted');
  assert.equal(announce('self::portal-1', 'a', 'another stream')?.code, 'not-permitted');
  for (const link of ['a', 'b', 'c', 'd']) assert.equal(announce('self::portal-1', link), undefined);
  assert.equal(announce('self::portal-1', 'a')?.code, 'not-permitted', 'a name that is taken');
  assert.equal(announce('self::portal-1', 'e')?.code, 'quota-exceeded');
  assert.equal(links.answered('self::portal-2', 'a', 'answers', 1, {})?.code, 'not-permitted');
  assert.equal(links.leave('self::portal-2', 'a')?.code, 'not-permitted');
  assert.equal(links.doubted('self::portal-2', 'a', 'a reboot')?.code, 'not-permitted');
  assert.equal(links.doubted('self::portal-1', 'a', 'a reboot'), undefined);
  one[Symbol.dispose]();
  assert.deepEqual(links.of(tv), []);
  assert.deepEqual(news, ['back', 'back', 'lost']);
});
