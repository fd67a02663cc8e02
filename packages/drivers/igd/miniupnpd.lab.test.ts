import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantedOpening, Opening } from '@sluice/model';
import { openForeignHome } from '../../port-control/test/lab-home.ts';
import { grants, refusalIn } from '../../port-control/test/openings.ts';
import { startDriverHost } from './test/host.ts';

type Home = Awaited<ReturnType<typeof openForeignHome>>;

const weaker = ['remotePort', 'streamType', 'revokeStopsRunning', 'narrowingOverRestart', 'symmetricSource'] as const;

function wish({ network }: Home, family: 4 | 6, n: number, host = 'tv-1'): Opening {
  const port = 5000 + n;
  return {
    id: `lab${family}-${host}-${n}`,
    streamType: 'udp',
    remote: { address: network.address('media', family), port: 7000 + n },
    local: { address: network.address(host, family), port },
    globalPort: port,
    until: Date.now() + 120_000,
    mayLack: weaker,
  };
}

const fromServer = { fromServer: true, fromOtherPort: false, fromStranger: false };
const fromItsAddress = { ...fromServer, fromOtherPort: true };

/** The same opening for packets of another flow: one that is running passes on after a close. */
const afresh = (opening: GrantedOpening, port = 7500) => ({ ...opening, remote: { ...opening.remote, port } });

test('a real gateway: openings over IPv4 and IPv6 let in the server, and nobody else', async (t) => {
  await using home = await openForeignHome('igd1', t.signal);
  await using tv = startDriverHost(home.network.namespace('tv-1'));
  const traits = await tv.connect();
  assert.deepEqual(traits.families, [4, 6]);
  assert.deepEqual(traits.portAgreement, ['propose', 'pick']);
  assert.deepEqual(await tv.addresses(), {
    global: ['203.0.114.1'],
    local: [
      { address: '192.168.1.2', length: 24 },
      { address: '2001:db8:100::2', length: 64 },
    ],
    own: ['192.168.1.1', '2001:db8:100::1'],
  });
  const [four, other] = grants(await tv.change({ open: [wish(home, 4, 0), wish(home, 4, 1)] }));
  assert.ok(other);
  assert.deepEqual(four.global, { address: '203.0.114.1', port: 5000 });
  assert.equal(four.lacks, undefined);
  assert.deepEqual(await home.arrives(four), fromItsAddress);
  const [six] = grants(await tv.change({ open: [wish(home, 6, 2)] }));
  assert.deepEqual(await home.arrives(six), fromServer);
  assert.deepEqual(await home.arrives(other), fromItsAddress);

  const believed = [four, other, six];
  const seen = await tv.observe(believed);
  assert.deepEqual(seen.ours.map(({ opening }) => opening.id).sort(), believed.map(({ id }) => id).sort());
  assert.deepEqual([seen.foreign, seen.unsure], [0, undefined]);

  // Twice, as the second is of what the first left.
  for (const times of [1, 2]) {
    const until = Date.now() + 120_000;
    grants(await tv.change({ renew: believed.map((opening) => ({ opening, until })) }));
    assert.deepEqual(await home.arrives(four), fromItsAddress, `IPv4, renewal ${times}`);
    assert.deepEqual(await home.arrives(six), fromServer, `IPv6, renewal ${times}`);
  }
  assert.equal((await tv.change({ close: believed })).kind, 'applied');
  assert.deepEqual(await home.gateway.rules(t.signal), []);
  assert.equal((await home.arrives(afresh(four))).fromServer, false);
  assert.equal((await home.arrives(afresh(six))).fromServer, false);
  assert.deepEqual((await tv.observe(believed)).ours, []);
});

test('a real gateway: what it refuses, and that it picks ports', async (t) => {
  await using home = await openForeignHome('igd2', t.signal);
  await using tv = startDriverHost(home.network.namespace('tv-1'));
  await using tablet = startDriverHost(home.network.namespace('tablet-1'));
  const refusal = async (opening: Opening) => refusalIn(await tv.change({ open: [opening] })).code;
  const [first] = grants(await tv.change({ open: [wish(home, 4, 0)] }));
  assert.equal(await refusal({ ...wish(home, 4, 1), globalPort: 5000 }), 'port-in-use');
  assert.equal(
    refusalIn(await tablet.change({ open: [{ ...wish(home, 4, 1, 'tablet-1'), globalPort: 5000 }] })).code,
    'port-in-use',
  );
  assert.equal(await refusal({ ...wish(home, 4, 1), globalPort: 80 }), 'gateway-refused');
  assert.equal(await refusal({ ...wish(home, 4, 1), streamType: 'rtp', mayLack: ['remotePort'] }), 'cannot-hold');
  assert.equal(await refusal({ ...wish(home, 4, 1), mayLack: [] }), 'cannot-hold');
  assert.equal(
    await refusal({ ...wish(home, 6, 1), local: { address: '2001:db8:100::3', port: 5001 } }),
    'gateway-refused',
  );

  // One of three is refused: none is left, and what was there before stays.
  const three = [wish(home, 4, 1), { ...wish(home, 4, 2), globalPort: 80 }, wish(home, 4, 3)];
  const refused = refusalIn(await tv.change({ open: three }));
  assert.deepEqual([refused.code, refused.subject], ['gateway-refused', three[1]?.id]);
  assert.deepEqual(
    (await tv.observe([first])).ours.map(({ opening }) => opening.id),
    [first.id],
  );

  // Two picks from the same local port.
  const { globalPort: _, ...anyPort } = wish(home, 4, 0);
  const [picked] = grants(await tv.change({ open: [{ ...anyPort, id: 'lab4-picked' }] }));
  assert.notEqual(picked.globalPort, 5000);
  assert.deepEqual(await home.arrives(picked), fromItsAddress);
  const [same] = grants(await tv.change({ open: [{ ...anyPort, id: 'lab4-picked' }] }));
  assert.equal(same.globalPort, picked.globalPort, 'the same wish is the same mapping');

  // The tablet's and another program's are counted and left alone.
  const [tablets] = grants(await tablet.change({ open: [wish(home, 4, 7, 'tablet-1')] }));
  const seen = await tv.observe([first, picked]);
  assert.deepEqual([seen.ours.length, seen.foreign], [2, 1]);
  assert.equal(
    (
      await tv.change({
        close: [first, picked, { ...first, id: 'lab4-other', globalPort: tablets.globalPort, global: tablets.global }],
      })
    ).kind,
    'applied',
  );
  assert.equal((await tablet.observe([tablets])).ours.length, 1);
});

test('a real gateway: restarted from its lease file, it lets in everybody; that is found and put right', async (t) => {
  await using home = await openForeignHome('igd3', t.signal);
  await using tv = startDriverHost(home.network.namespace('tv-1'));
  const leases = { lease_file: `${home.gateway.directory}/leases`, system_uptime: 'yes' };
  await home.gateway.kill(t.signal);
  await home.gateway.start(t.signal, leases);
  const [four] = grants(await tv.change({ open: [wish(home, 4, 0)] }));
  assert.deepEqual(await home.arrives(four), fromItsAddress);
  const renew = [{ opening: four, until: Date.now() + 120_000 }];

  await home.gateway.kill(t.signal);
  assert.equal(refusalIn(await tv.change({ renew })).code, 'gateway-offline');
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal, leases);
  assert.deepEqual(await home.arrives(afresh(four)), { ...fromItsAddress, fromStranger: true }, 'open to everybody');

  // Its boot number shows it, though it shows no RemoteHost and counts the machine's seconds.
  assert.match(refusalIn(await tv.change({ renew })).message, /may let in anyone since it was started again/);
  const [seen, ...others] = (await tv.observe([four])).ours;
  assert.deepEqual([seen?.opening.remote, others], [{ address: '0.0.0.0' }, []]);
  assert.ok(seen);
  assert.equal((await tv.change({ close: [seen.opening] })).kind, 'applied');
  const [again] = grants(await tv.change({ open: [{ ...wish(home, 4, 0), globalPort: four.globalPort }] }));
  assert.deepEqual(await home.arrives(afresh(again, 7501)), fromItsAddress, 'narrow again');
});

test('a real gateway: rules wiped, killed and restarted, its mapping taken by another: found, put back or refused', async (t) => {
  await using home = await openForeignHome('igd4', t.signal);
  await using tv = startDriverHost(home.network.namespace('tv-1'));
  await using tablet = startDriverHost(home.network.namespace('tablet-1'));
  const wished = [wish(home, 4, 0), wish(home, 6, 1)];
  const openings = grants(await tv.change({ open: wished }));
  const [four, six] = openings as [GrantedOpening, ...GrantedOpening[]];
  assert.ok(six);
  const renew = (opening: GrantedOpening) => tv.change({ renew: [{ opening, until: Date.now() + 120_000 }] });
  const put = async (opening: GrantedOpening) =>
    grants(await tv.change({ open: [{ ...opening, until: Date.now() + 120_000 }] }))[0];

  // The household's firewall was loaded anew. It goes on telling of what is dead; a renewal makes them anew.
  await home.gateway.wipe(t.signal);
  assert.equal((await home.arrives(afresh(four))).fromServer, false);
  assert.equal((await tv.observe(openings)).ours.length, 2);
  for (const opening of openings) {
    const renewed = await renew(opening);
    if (renewed.kind === 'refused') await put(opening);
  }
  assert.deepEqual(await home.arrives(afresh(four, 7502)), fromItsAddress);
  assert.deepEqual(await home.arrives(six), fromServer);

  // A crash leaves its rules, and a new life gives their numbers anew.
  await home.gateway.kill(t.signal);
  await home.gateway.start(t.signal);
  const after = await tv.observe(openings);
  assert.deepEqual(
    after.unsure?.map(({ id }) => id),
    [six.id],
    'nobody knows its number any more',
  );
  assert.deepEqual(
    after.ours.map(({ opening }) => opening.remote),
    [{ address: '0.0.0.0' }],
    'nor who may send',
  );
  assert.equal(refusalIn(await tv.change({ close: [six] })).code, 'gateway-refused', 'not called closed');
  for (const { opening } of after.ours) assert.equal((await tv.change({ close: [opening] })).kind, 'applied');
  await put(six);
  await put(four);
  assert.equal((await home.arrives(afresh(four, 7501))).fromServer, true);

  // Another host takes the port while it is free.
  await home.gateway.kill(t.signal);
  await home.gateway.wipe(t.signal);
  await home.gateway.start(t.signal);
  const [stolen] = grants(
    await tablet.change({ open: [{ ...wish(home, 4, 0, 'tablet-1'), globalPort: four.globalPort }] }),
  );
  assert.match(refusalIn(await renew(four)).message, /no longer holds it/);
  const seen = await tv.observe(openings);
  assert.deepEqual([seen.ours, seen.foreign], [[], 1]);
  assert.equal(
    refusalIn(await tv.change({ open: [{ ...wish(home, 4, 0), globalPort: four.globalPort }] })).code,
    'port-in-use',
  );
  assert.equal((await tv.change({ close: [four] })).kind, 'applied');
  assert.equal((await tablet.observe([stolen])).ours.length, 1, 'what is not ours is left alone');
});

test('a real gateway: a restarted appliance knows its mappings by their names', async (t) => {
  await using home = await openForeignHome('igd5', t.signal);
  await using tv = startDriverHost(home.network.namespace('tv-1'));
  const [four] = grants(await tv.change({ open: [wish(home, 4, 0)] }));
  await tv.forget();
  const seen = await tv.observe([]);
  assert.deepEqual(
    seen.ours.map(({ opening }) => [opening.id, opening.globalPort]),
    [[four.id, four.globalPort]],
  );
  // Who may send is not shown, so it is made anew before it is believed.
  assert.deepEqual(seen.ours[0]?.opening.remote, { address: '0.0.0.0' });
  const [again] = grants(await tv.change({ open: [wish(home, 4, 0)] }));
  assert.deepEqual([again.id, again.globalPort], [four.id, four.globalPort]);
  assert.deepEqual(
    (await tv.observe([again])).ours.map(({ opening }) => opening.remote),
    [four.remote],
  );
  assert.deepEqual(await home.arrives(afresh(again)), fromItsAddress);
  await tv.forget();
  assert.equal((await tv.change({ close: [again] })).kind, 'applied');
  assert.deepEqual(await home.gateway.rules(t.signal), []);
});
