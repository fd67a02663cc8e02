import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { buildNetwork } from '../build.ts';
import { openingsInKernel } from '../once/kernel-openings.ts';
import { deploy } from '../parts.ts';
import { runSipp, type SippRun } from '../phones/sipp.ts';
import { homes } from '../topologies/home.ts';

const domain = 'sluice.example';
const password = 'secret';
const pairs = 50;
/** Each of them calls three times. */
const calls = 3 * pairs;
/** Every fifth BYE is lost, in the first half: SIPp must still be there when it is asked after those calls. */
const isLost = (call: number): boolean => call < calls / 2 && call % 5 === 0;
const fateOf = (call: number): string => (isLost(call) ? 'lost' : 'said');
/** RTP and RTCP of a call, in each home. */
const openingsOfCall = 2;

test('fifty calls at once, five new ones a second, put on hold, some with a lost BYE: none fails, and nothing stays open', {
  timeout: 180_000,
}, async ({ signal }) => {
  await using network = await buildNetwork(homes(2), 'sipp', signal);
  const names = (side: string) => Array.from({ length: pairs }, (_, index) => `${side}${index}`);
  const [callers, callees] = [names('caller'), names('callee')];
  // From one home come the calls of fifty, and everything else that is counted is counted for each.
  const often = { burst: 1_000, perSecond: 1_000 };
  const overrides = {
    portal: { sip: { port: 5060, domain, users: [...callers, ...callees].map((name) => ({ name, password })) } },
    gateway: { policy: { consent: 'preferred' } },
    'configuration-server': {
      registration: 'every-contact',
      limits: { requests: { appliance: often, gateway: often, address: often } },
    },
  };
  await using town = await deploy(network, { overrides }, signal);
  const openings = () =>
    Promise.all(['gateway-1', 'gateway-2'].map((gateway) => openingsInKernel(network, gateway, signal)));
  const sipp = (host: string, what: Pick<SippRun, 'scenario' | 'times' | 'users' | 'perSecond' | 'atOnce'>) => {
    const address = network.address(host, 4);
    const to = `${network.address('portal', 4)}:5060`;
    return runSipp({ namespace: network.namespace(host), address, to, ...what }, signal);
  };
  const shown = `[authentication username=NAME password=${password}]`;
  const register = (host: string, users: readonly string[]) =>
    sipp(host, {
      ...{ scenario: 'register', times: pairs, perSecond: 25 },
      users: users.map((name) => [name, shown.replace('NAME', name)]),
    });
  await Promise.all([register('tv-1', callers), register('tv-2', callees)]);

  const rows = Array.from({ length: calls }, (_, call) => call);
  const done = new AbortController();
  const answering = sipp('tv-2', { scenario: 'callee', times: calls });
  const calling = sipp('tv-1', {
    ...{ scenario: 'caller', times: calls, perSecond: 5, atOnce: pairs + 10 },
    users: rows.map((call) => [callers[call % pairs] ?? '', '', callees[call % pairs] ?? '', fateOf(call)]),
  });
  const ended = Promise.all([calling, answering]).finally(() => done.abort());
  let [most, mostThere] = [0, 0];
  while (!done.signal.aborted) {
    const [here = 0, there = 0] = await openings();
    [most, mostThere] = [Math.max(most, here), Math.max(mostThere, there)];
    await setTimeout(250, undefined, { signal });
  }
  // The one who answers is done when the portal hung up in place of each BYE that was lost.
  await ended;
  const { log } = town.part('portal');
  const count = (reason: RegExp) => log.filter((line) => reason.test(line)).length;
  const lost = rows.filter(isLost).length;
  const told = [count(/"caller\d+ hung up"/), count(/"caller\d+ hung up, and that was lost"/)];
  assert.deepEqual(told, [calls - lost, lost]);
  for (const seen of [most, mostThere]) assert.ok(seen >= openingsOfCall * pairs, `${seen} openings at once`);
  for (let held = await openings(); held.join() !== '0,0'; held = await openings())
    await setTimeout(250, undefined, { signal });
});
