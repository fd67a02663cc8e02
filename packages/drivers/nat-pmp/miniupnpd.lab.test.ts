import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@sluice/io';
import type { Gateway, GrantedOpening, Opening } from '@sluice/model';
import { openForeignHome } from '../../port-control/test/lab-home.ts';
import { change, grants, refusalIn } from '../../port-control/test/openings.ts';
import { natPmpDriver } from './index.ts';

const gateway: Gateway = { gatewayId: 'home-1', type: 'nat-pmp', communication: {} };
const soon = () => AbortSignal.timeout(5_000);

type Home = Awaited<ReturnType<typeof openForeignHome>>;

/** The driver on a host of the home, as its appliance runs it. */
function driverOn(home: Home, host: string, told: string[] = []) {
  const parts = { ...home.parts(host), clock: systemClock, random: () => 0 };
  return natPmpDriver({ ...parts, lost: (gatewayId, why) => void told.push(`${gatewayId} ${why}`) });
}

function wish({ network }: Home, n: number, host = 'tv-1'): Opening {
  return {
    id: `lab-${host}-${n}`,
    streamType: 'udp',
    remote: { address: network.address('media', 4), port: 7000 + n },
    local: { address: network.address(host, 4), port: 5000 + n },
    globalPort: 5000 + n,
    until: systemClock.now() + 60_000,
    mayLack: ['remoteAddress', 'remotePort'],
  };
}

test('a real gateway: mapped for everybody and for as long as asked, closed again', async (t) => {
  await using home = await openForeignHome('np1', t.signal);
  const session = await driverOn(home, 'tv-1').connect(gateway, soon());
  assert.deepEqual((await session.addresses(soon())).global, ['203.0.114.1']);
  const open = [wish(home, 0), wish(home, 1)];
  const openings = grants(await change(session, systemClock.now(), { open }, 5_000));
  assert.ok(openings.every(({ until }, n) => until <= (open[n]?.until ?? 0)));
  assert.deepEqual(await home.arrives(openings[0]), { fromServer: true, fromOtherPort: true, fromStranger: true });
  assert.equal((await session.observe(openings, soon())).ours.length, 2);
  const taken = { ...wish(home, 2), globalPort: 5000 };
  assert.equal(refusalIn(await change(session, systemClock.now(), { open: [taken] }, 5_000)).code, 'port-in-use');
  const other = wish(home, 2, 'tablet-1');
  assert.equal(refusalIn(await change(session, systemClock.now(), { open: [other] }, 5_000)).code, 'trait-missing');
  assert.equal((await change(session, systemClock.now(), { close: openings }, 5_000)).kind, 'applied');
  assert.deepEqual(await home.gateway.rules(t.signal), []);
  const again = await driverOn(home, 'tv-1').connect(gateway, soon());
  assert.equal((await change(again, systemClock.now(), { close: openings }, 5_000)).kind, 'applied');
});

test('a real gateway: killed, restarted, its rules wiped, its port taken: put back or told', async (t) => {
  await using home = await openForeignHome('np2', t.signal);
  const told: string[] = [];
  const driver = driverOn(home, 'tv-1', told);
  await home.listen((bytes, from) => driver.heard(bytes, from));
  const session = await driver.connect(gateway, soon());
  const [opening] = grants(await change(session, systemClock.now(), { open: [wish(home, 0)] }, 5_000));
  const passes = async (fresh = 0) => {
    const remote = { ...opening.remote, port: 7000 + fresh };
    return (await home.arrives({ ...opening, remote })).fromServer;
  };
  const look = async () => (await session.observe([opening], soon())).ours.length;
  assert.equal(await passes(), true);
  await home.gateway.wipe(t.signal);
  assert.equal(await passes(600), false);
  assert.equal(await look(), 1, 'a look puts back what nobody told of');
  assert.equal(await passes(), true);

  // An epoch that has not begun to count cannot show that it began anew.
  await setTimeout(4_000);
  assert.equal(await look(), 1);
  assert.deepEqual(told, []);
  await home.gateway.kill(t.signal);
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal);
  while (told.length === 0) await setTimeout(20, undefined, { signal: t.signal });
  assert.equal(await look(), 1);
  assert.equal(await passes(), true);

  await home.gateway.kill(t.signal);
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal);
  const tablet = await driverOn(home, 'tablet-1').connect(gateway, soon());
  const theirs: Opening = { ...wish(home, 2, 'tablet-1'), globalPort: opening.globalPort };
  const [held] = grants(await change(tablet, systemClock.now(), { open: [theirs] }, 5_000));
  const renew = [{ opening, until: systemClock.now() + 60_000 } satisfies { opening: GrantedOpening; until: number }];
  assert.equal(refusalIn(await change(session, systemClock.now(), { renew }, 5_000)).code, 'port-in-use');
  const rules = (await home.gateway.rules(t.signal)).filter((rule) => rule.includes('dnat'));
  assert.equal(rules.length, 1);
  assert.match(rules[0] ?? '', new RegExp(`dport ${held.globalPort} dnat ip to 192.168.1.3:5002`));
});
