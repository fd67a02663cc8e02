import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { GatewaySession } from '@sluice/driver';
import { systemClock } from '@sluice/io';
import type { Gateway, GrantedOpening, Opening } from '@sluice/model';
import type { PortControlStep } from '@sluice/port-control';
import { startOnHost } from '../../../lab/process.ts';
import { run } from '../../../lab/run.ts';
import { openForeignHome } from '../../port-control/test/lab-home.ts';
import { change, grants, refusalIn } from '../../port-control/test/openings.ts';
import { pcpDriver } from './index.ts';

const gateway: Gateway = { gatewayId: 'home-1', type: 'pcp', communication: {} };
const secret = Buffer.from('a secret of this television');

type Home = Awaited<ReturnType<typeof openForeignHome>>;

/** The driver on a host of the home, as its appliance runs it. */
function driverOn(home: Home, host: string, told: string[] = []) {
  const parts = { ...home.parts(host), clock: systemClock, random: () => 0, secret };
  return pcpDriver({ ...parts, lost: (gatewayId, why) => void told.push(`${gatewayId} ${why}`) });
}

const soon = () => AbortSignal.timeout(5_000);
const open = async (session: GatewaySession<PortControlStep>, openings: Opening[]) =>
  grants(await change(session, systemClock.now(), { open: openings }, 5_000));
const renew = (session: GatewaySession<PortControlStep>, opening: GrantedOpening) =>
  change(session, systemClock.now(), { renew: [{ opening, until: systemClock.now() + 120_000 }] }, 5_000);
const close = (session: GatewaySession<PortControlStep>, openings: GrantedOpening[]) =>
  change(session, systemClock.now(), { close: openings }, 5_000);

function wish({ network }: Home, family: 4 | 6, n: number, host = 'tv-1'): Opening {
  const port = 5000 + n;
  return {
    id: `lab${family}-${host}-${n}`,
    streamType: 'udp',
    remote: { address: network.address('media', family), port: 7000 + n },
    local: { address: network.address(host, family), port },
    globalPort: port,
    until: systemClock.now() + 120_000,
  };
}

test('a real gateway: what is asked is mapped, over IPv4 and IPv6; its FILTER is answered and not kept', async (t) => {
  await using home = await openForeignHome('pcp1', t.signal);
  const session = await driverOn(home, 'tv-1').connect(gateway, soon());
  assert.deepEqual(session.traits?.families, [4, 6]);
  assert.deepEqual(await session.addresses(soon()), {
    global: ['203.0.114.1'],
    local: [
      { address: '192.168.1.2', length: 24 },
      { address: '2001:db8:100::2', length: 64 },
    ],
    own: ['192.168.1.1', '2001:db8:100::1'],
  });
  for (const family of [4, 6] as const) {
    const wished = [wish(home, family, 0), wish(home, family, 1)];
    const openings = await open(session, wished);
    const [opening] = openings;
    const place = family === 4 ? '203.0.114.1' : '2001:db8:100::2';
    assert.deepEqual(opening.global, { address: place, port: 5000 });
    assert.equal(opening.lacks, undefined, 'it says that it filters');
    const everybody = { fromServer: true, fromOtherPort: true, fromStranger: true };
    assert.deepEqual(await home.arrives(opening), everybody, 'packets tell otherwise');
    assert.deepEqual((await session.observe(openings, soon())).ours.length, 2);
    assert.equal((await close(session, openings)).kind, 'applied');
    const nobody = { fromServer: false, fromOtherPort: false, fromStranger: false };
    const fresh = { ...opening, remote: { ...opening.remote, port: 7500 } };
    assert.deepEqual(await home.arrives(fresh).then(({ fromServer }) => fromServer), nobody.fromServer);
    assert.deepEqual(await home.gateway.rules(t.signal), []);
    // From a restarted appliance too, closing what is closed is harmless.
    const again = await driverOn(home, 'tv-1').connect(gateway, soon());
    assert.equal((await close(again, openings)).kind, 'applied');
  }
});

test('a real gateway: the default route of IPv6 leads to a link-local address, as in most homes', async (t) => {
  await using home = await openForeignHome('pcp4', t.signal);
  const inside = (host: string, ...command: string[]) =>
    run(['nsenter', `--net=${home.network.namespace(host)}`, '--', ...command], t.signal);
  const shown = await inside('gateway-1', 'ip', '-json', '-6', 'address', 'show', 'dev', 'lan0', 'scope', 'link');
  const router = /"local":"(fe80::[0-9a-f:]+)"/.exec(shown)?.[1] ?? '';
  await inside('tv-1', 'ip', '-6', 'route', 'replace', 'default', 'via', router, 'dev', 'eth0');
  // By a process of the home: another one cannot name the interface that such an address is on.
  await using appliance = await startOnHost(
    {
      name: 'open-one',
      namespace: home.network.namespace('tv-1'),
      command: [process.execPath, join(import.meta.dirname, 'test/open-one.ts'), JSON.stringify(wish(home, 6, 0))],
    },
    t.signal,
  );
  const { granted, own } = appliance.ready as unknown as { granted: GrantedOpening; own: string[] };
  assert.deepEqual(own, ['192.168.1.1', router]);
  assert.equal((await home.arrives(granted)).fromServer, true);
  appliance.kill('SIGTERM');
  assert.deepEqual(await appliance.ended, { code: 0, signal: null });
  assert.deepEqual(await home.gateway.rules(t.signal), []);
});

test('a real gateway: what it refuses, and what it does instead of refusing', async (t) => {
  await using home = await openForeignHome('pcp2', t.signal);
  const session = await driverOn(home, 'tv-1').connect(gateway, soon());
  const refusal = async (opening: Opening) =>
    refusalIn(await change(session, systemClock.now(), { open: [opening] }, 5_000)).code;
  const first = wish(home, 4, 0);
  await open(session, [first]);
  assert.equal(await refusal({ ...wish(home, 4, 1), globalPort: 5000 }), 'port-in-use');
  assert.equal(await refusal({ ...wish(home, 4, 2), globalPort: 80 }), 'port-in-use');
  const { globalPort: _, ...anyPort } = wish(home, 4, 2);
  assert.equal(await refusal({ ...anyPort, local: { ...first.local, port: 80 } }), 'gateway-refused');
  assert.equal(await refusal(wish(home, 4, 2, 'tablet-1')), 'trait-missing');
  assert.equal((await home.gateway.rules(t.signal)).length, 2, 'the first alone is left');
  const brief = { ...wish(home, 4, 1), until: systemClock.now() + 10_000 };
  const [longer] = await open(session, [brief]);
  assert.ok(longer.until - brief.until > 100_000, 'ten seconds became two minutes, and that is told');
});

test('a real gateway: killed, restarted, its rules wiped, its port taken: put back or told', async (t) => {
  await using home = await openForeignHome('pcp3', t.signal);
  const told: string[] = [];
  const driver = driverOn(home, 'tv-1', told);
  await home.listen((bytes, from) => driver.heard(bytes, from));
  const session = await driver.connect(gateway, soon());
  const openings = await open(session, [wish(home, 4, 0), wish(home, 6, 1)]);
  const [four, six] = openings as [GrantedOpening, GrantedOpening];
  const passes = async () => [(await home.arrives(four)).fromServer, (await home.arrives(six)).fromServer];
  assert.deepEqual(await passes(), [true, true]);

  // The household's firewall was loaded anew. The next renewal puts right what nobody told of.
  await home.gateway.wipe(t.signal);
  const fresh = (opening: GrantedOpening) => ({ ...opening, remote: { ...opening.remote, port: 7600 } });
  assert.equal((await home.arrives(fresh(four))).fromServer, false);
  for (const opening of openings) grants(await renew(session, opening));
  assert.deepEqual(await passes(), [true, true]);

  // An epoch that has not begun to count cannot show that it began anew.
  await setTimeout(4_000);
  await (await driver.connect(gateway, soon())).observe([], soon());
  for (const opening of openings) grants(await renew(session, opening));
  assert.deepEqual(told, []);
  await home.gateway.kill(t.signal);
  const silent = await change(session, systemClock.now(), { renew: [{ opening: four, until: four.until }] }, 300);
  assert.equal(refusalIn(silent).code, 'gateway-offline');
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal);
  while (told.length === 0) await setTimeout(20, undefined, { signal: t.signal });
  assert.match(told[0] ?? '', /^home-1 it announced that it lost its mappings/);
  const { ours } = await session.observe(openings, soon());
  assert.deepEqual(ours.map(({ opening }) => opening.id).sort(), openings.map(({ id }) => id).sort());
  assert.deepEqual(await passes(), [true, true]);

  // Another host is quicker after the next restart.
  await home.gateway.kill(t.signal);
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal);
  const tablet = await driverOn(home, 'tablet-1').connect(gateway, soon());
  const theirs = { ...wish(home, 4, 2, 'tablet-1'), globalPort: four.globalPort };
  await open(tablet, [theirs]);
  assert.equal(refusalIn(await renew(session, four)).code, 'port-in-use');
  grants(await renew(session, six));
  const rules = (await home.gateway.rules(t.signal)).filter((rule) => rule.includes('dnat'));
  assert.deepEqual(
    rules.map((rule) => rule.replace(/^.* dnat/, 'dnat')),
    ['dnat ip to 192.168.1.3:5002'],
  );
});
